//! The pages of `docs/errors/`, which are part of the program: what a code means, with an example.

use filbert_ir::Code;

/// How many codes are named instead of an unknown one.
const NEAR_CODES: usize = 3;

macro_rules! pages {
    ($($number:literal)*) => {
        /// The digits of each code, and its page.
        const PAGES: &[(&str, &str)] =
            &[$(($number, include_str!(concat!("../../docs/errors/FB-", $number, ".md")))),*];
    };
}

pages! {
    "0001" "0002" "0003" "0004" "0005"
    "0101" "0102" "0103" "0104" "0105" "0106" "0107" "0108" "0109" "0110" "0111" "0112" "0113" "0114"
    "0201"
    "0301"
    "0401" "0402"
    "0501" "0502" "0503" "0504" "0505" "0506" "0507" "0508" "0509"
    "0601" "0602"
    "0701" "0702" "0703" "0704" "0705" "0706"
    "0801" "0802" "0803"
    "0901"
    "1001" "1002" "1003" "1004" "1005" "1006" "1007"
    "1101" "1102" "1103" "1104"
    "1301"
}

/// The page about a code, without the line for those who work on Filbert.
pub(crate) fn page(code: Code) -> String {
    let digits = digits(code.number());
    let page = PAGES.iter().find(|(number, _)| *number == digits).map_or("", |(_, page)| page);
    let lines = page.lines().filter(|line| !line.starts_with("Driven by: "));
    format!("{}\n", lines.collect::<Vec<_>>().join("\n").trim_end())
}

/// Reads a code: `FB-0103`, `fb-103` or `103`.
pub(crate) fn code(text: &str) -> Result<Code, String> {
    let lower = text.to_ascii_lowercase();
    let number = lower.strip_prefix("fb").map_or(lower.as_str(), |rest| rest.trim_start_matches('-'));
    let number: u16 = number.parse().map_err(|_| "a code is written FB-0103, or 103".to_string())?;
    let known = Code::ALL.iter().find(|code| code.number() == number);
    known.copied().ok_or_else(|| {
        let near: Vec<String> = near(number).map(|code| format!("{code} ({})", code.title())).collect();
        format!("there is no such code; near it are {}", near.join(", "))
    })
}

/// The codes that differ in the fewest digits; of those, the nearest numbers.
fn near(number: u16) -> impl Iterator<Item = Code> {
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_key(|code| {
        let (theirs, ours) = (digits(code.number()), digits(number));
        let differ = theirs.chars().zip(ours.chars()).filter(|(a, b)| a != b).count();
        (differ, code.number().abs_diff(number))
    });
    codes.into_iter().take(NEAR_CODES)
}

fn digits(number: u16) -> String {
    format!("{number:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page_and_every_page_its_code() {
        let pages: Vec<&str> = PAGES.iter().map(|(number, _)| *number).collect();
        let codes: Vec<String> = Code::ALL.iter().map(|code| digits(code.number())).collect();
        assert_eq!(pages, codes);
        for &code in Code::ALL {
            assert!(page(code).starts_with(&format!("# {code}: {}\n", code.title())), "{code}");
        }
    }

    #[test]
    fn a_code_may_be_written_short() {
        for text in ["FB-0103", "fb-103", "FB0103", "103", "0103"] {
            assert_eq!(code(text), Ok(Code::TypeMismatch), "{text}");
        }
        for text in ["", "FB-", "x103", "-103", "1e2", "99999"] {
            assert_eq!(code(text), Err("a code is written FB-0103, or 103".to_string()), "{text}");
        }
    }

    #[test]
    fn near_codes_are_named() {
        let near = |number| near(number).map(|code| code.number()).collect::<Vec<_>>();
        assert_eq!(near(510), [110, 509, 508]);
        assert_eq!(near(143), [113, 103, 114]);
        let unknown = code("FB-9901").expect_err("there is none");
        assert!(unknown.contains("FB-0901 (a defect of Filbert)"), "{unknown}");
    }
}
