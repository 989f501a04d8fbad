//! Where a scheduler is, as users write it: `df://host:port`.
//!
//! `df://` may be left out, and the port where it is the usual one.

use std::fmt;

use datafusion::common::Result;
use filbert_ir::Code;
use tonic::transport::Endpoint;
use url::Url;

use crate::fault::refuse;
use crate::settings;

/// The address of a scheduler. Shown as `df://host:port`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Address {
    /// An IPv6 address stands in brackets.
    host: String,
    port: u16,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Address> {
        let url = match text.contains("://") {
            true => Url::parse(text),
            false => Url::parse(&format!("df://{text}")),
        };
        let of = |url: Url| {
            let is_alone = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
            let is_nobodys = url.username().is_empty() && url.password().is_none();
            let host =
                url.host_str().filter(|host| !host.is_empty() && url.scheme() == "df" && is_alone && is_nobodys)?;
            Some(Address { host: host.to_string(), port: url.port().unwrap_or(settings::SCHEDULER_PORT) })
        };
        url.ok().and_then(of).ok_or_else(|| {
            let detail = format!("'{text}' is no address of a scheduler; it looks like df://127.0.0.1:50050");
            refuse(Code::ClusterUnreachable, detail)
        })
    }

    /// `host:port`
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What the pages of the scheduler begin with, `http://host:port`.
    pub(crate) fn pages(&self) -> String {
        format!("http://{}", self.place())
    }

    /// For a connection to it.
    pub(crate) fn endpoint(&self) -> Result<Endpoint> {
        let endpoint = Endpoint::from_shared(self.pages());
        endpoint.map(settings::endpoint).map_err(|error| refuse(Code::ClusterUnreachable, format!("{self}: {error}")))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "df://{}", self.place())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        let rows = [
            ("df://127.0.0.1:50050", "df://127.0.0.1:50050"),
            ("127.0.0.1:50050", "df://127.0.0.1:50050"),
            ("df://one.two:3/", "df://one.two:3"),
            ("one", "df://one:50050"),
            ("df://one", "df://one:50050"),
            ("df://[::1]:4", "df://[::1]:4"),
        ];
        for (text, wanted) in rows {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.to_string(), wanted, "{text}");
            address.endpoint().expect(text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let rows = [
            "",
            "df://",
            "df://:50050",
            ":50050",
            "http://one:1",
            "one:x",
            "one:70000",
            "a/b:1",
            "one:1/path",
            "me@one:1",
            "one:1?a=b",
            "one:1#a",
            "::1:50050",
            "one two:1",
        ];
        for text in rows {
            let error = Address::parse(text).expect_err(text).to_string();
            assert!(error.contains("FB-1101") && error.contains(&format!("'{text}' is no address")), "{error}");
        }
    }
}
