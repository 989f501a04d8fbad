//! Measurements as text: a JSON object a line, a page for one, a table for a sweep.

use crate::backend::Subject;
use crate::bandwidth::Bandwidth;
use crate::bench::Measurement;

/// One JSON object, on one line.
pub fn json(measurement: &Measurement) -> String {
    serde_json::to_string(measurement).expect("numbers and text") + "\n"
}

/// What the pages say besides the measurements.
pub struct Setting<'s> {
    /// `axpy(x: f64, y: f64) -> f64`
    pub signature: &'s str,
    /// Where the columns are from.
    pub inputs: &'s str,
    /// Threads that a call may use.
    pub threads: usize,
    /// What the machine's memory gives.
    pub bandwidth: Bandwidth,
}

impl Setting<'_> {
    fn memory(&self) -> String {
        let Bandwidth { read, copy, triad, column_bytes } = self.bandwidth;
        format!(
            "{:.1} GB/s with {}: reading {:.1}, copying {:.1}, adding {:.1}; columns of {} MiB",
            self.bandwidth.best() / 1e9,
            threads(self.threads),
            read / 1e9,
            copy / 1e9,
            triad / 1e9,
            column_bytes >> 20,
        )
    }

    /// Share of the memory's bandwidth, in percent.
    fn share(&self, measurement: &Measurement) -> f64 {
        100.0 * measurement.bytes_per_second() / self.bandwidth.best()
    }
}

fn threads(count: usize) -> String {
    if count == 1 { "1 thread".to_string() } else { format!("{count} threads") }
}

type Row = (&'static str, String);

fn page(rows: &[Row]) -> String {
    rows.iter().map(|(name, value)| format!("{name:<11}{value}\n")).collect()
}

/// One measurement as a page.
pub fn one(measurement: &Measurement, subject: &Subject, setting: &Setting<'_>) -> String {
    let Measurement { rows, ns_per_row_min, ns_per_row_median, backend, rounds, digest, .. } = measurement;
    let vectors = match subject.lanes {
        1 => String::new(),
        lanes => format!(", {lanes} lanes, {} rows a turn", subject.turn_rows),
    };
    let compiled = match measurement.code_bytes {
        0 => "not at all".to_string(),
        bytes => format!("in {} us, {bytes} bytes of code", measurement.compile_us),
    };
    page(&[
        ("kernel", setting.signature.to_string()),
        ("inputs", format!("{rows} rows: {}", setting.inputs)),
        ("back end", format!("{backend}{vectors}; {}", threads(setting.threads))),
        ("compiled", compiled),
        ("ns/row", format!("{ns_per_row_min:.3} at best, {ns_per_row_median:.3} median of {rounds} rounds")),
        ("rows/s", format!("{} M", digits(measurement.rows_per_second() / 1e6))),
        (
            "GB/s",
            format!(
                "{:.2} read and written, {:.0} % of the memory's",
                measurement.bytes_per_second() / 1e9,
                setting.share(measurement)
            ),
        ),
        ("memory", setting.memory()),
        ("digest", digest.clone()),
    ])
}

/// A sweep as a table, with what was compiled above it.
pub fn table(measurements: &[Measurement], subjects: &[Subject], setting: &Setting<'_>) -> String {
    let mut rows: Vec<Row> = vec![("kernel", setting.signature.to_string()), ("inputs", setting.inputs.to_string())];
    for subject in subjects {
        let micros = subject.compile.as_secs_f64() * 1e6;
        let code = match subject.code_bytes {
            0 => "not compiled".to_string(),
            bytes => format!("compiled in {micros:.1} us, {bytes} bytes"),
        };
        let vectors = match subject.lanes {
            1 => String::new(),
            lanes => format!(", {lanes} lanes, {} rows a turn", subject.turn_rows),
        };
        rows.push((subject.runs.name(), format!("{code}{vectors}")));
    }
    rows.push(("memory", setting.memory()));
    let mut out = page(&rows);
    let heads = ["rows", "back end", "ns/row min", "median", "M rows/s", "GB/s", "of memory", "digest"];
    let cells = measurements.iter().map(|found| {
        [
            found.rows.to_string(),
            found.backend.to_string(),
            format!("{:.3}", found.ns_per_row_min),
            format!("{:.3}", found.ns_per_row_median),
            digits(found.rows_per_second() / 1e6),
            format!("{:.2}", found.bytes_per_second() / 1e9),
            format!("{:.0} %", setting.share(found)),
            found.digest.clone(),
        ]
    });
    let cells: Vec<[String; 8]> = cells.collect();
    let width = |column: usize| {
        let widths = cells.iter().map(|row| row[column].len()).chain([heads[column].len()]);
        widths.max().unwrap_or(0)
    };
    let line = |row: [&str; 8]| {
        let cell = |(column, text): (usize, &str)| match column {
            1 | 7 => format!("{text:<w$}", w = width(column)),
            _ => format!("{text:>w$}", w = width(column)),
        };
        let cells: Vec<String> = row.into_iter().enumerate().map(cell).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    out.push('\n');
    out.push_str(&line(heads));
    let mut size = None;
    for (found, row) in measurements.iter().zip(&cells) {
        if size.is_some_and(|size| size != found.rows) {
            out.push('\n');
        }
        size = Some(found.rows);
        out.push_str(&line(row.each_ref().map(String::as_str)));
    }
    out
}

/// Four digits that count.
fn digits(value: f64) -> String {
    match value {
        value if value >= 1000.0 => format!("{value:.0}"),
        value if value >= 100.0 => format!("{value:.1}"),
        value if value >= 10.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn found(rows: usize, backend: &'static str, ns: f64) -> Measurement {
        Measurement {
            kernel: "axpy".to_string(),
            rows,
            ns_per_row_min: ns,
            ns_per_row_median: ns * 1.25,
            backend,
            lanes: 8,
            compile_us: 31.5,
            code_bytes: 289,
            digest: "0123456789abcdef0123456789abcdef".to_string(),
            bytes: rows * 24,
            rounds: 500,
        }
    }

    const SETTING: Setting<'_> = Setting {
        signature: "axpy(x: f64, y: f64) -> f64",
        inputs: "x=uniform(-1,1), y=const(2); seed 1",
        threads: 1,
        bandwidth: Bandwidth { read: 20e9, copy: 16e9, triad: 15e9, column_bytes: 64 << 20 },
    };

    #[test]
    fn a_json_object_has_the_nine_keys() {
        expect![[r#"
            {"kernel":"axpy","rows":4096,"ns_per_row_min":0.5,"ns_per_row_median":0.625,"backend":"avx512","lanes":8,"compile_us":31.5,"code_bytes":289,"digest":"0123456789abcdef0123456789abcdef"}
        "#]]
        .assert_eq(&json(&found(4096, "avx512", 0.5)));
    }

    #[test]
    fn the_page_and_the_table() {
        let kernel = crate::tests::kernel("fn axpy(x: f64, y: f64) -> f64 { 2.5 * x + y }");
        let mut subject = Subject::load(&kernel, crate::Choice::Interp).unwrap();
        (subject.lanes, subject.turn_rows, subject.runs) = (8, 32, crate::Choice::Avx512);
        (subject.compile, subject.code_bytes) = (std::time::Duration::from_nanos(31_500), 289);
        expect![[r#"
            kernel     axpy(x: f64, y: f64) -> f64
            inputs     4096 rows: x=uniform(-1,1), y=const(2); seed 1
            back end   avx512, 8 lanes, 32 rows a turn; 1 thread
            compiled   in 31.5 us, 289 bytes of code
            ns/row     2.000 at best, 2.500 median of 500 rounds
            rows/s     500.0 M
            GB/s       12.00 read and written, 60 % of the memory's
            memory     20.0 GB/s with 1 thread: reading 20.0, copying 16.0, adding 15.0; columns of 64 MiB
            digest     0123456789abcdef0123456789abcdef
        "#]]
        .assert_eq(&one(&found(4096, "avx512", 2.0), &subject, &SETTING));
        let all = [found(1024, "avx512", 0.5), found(1024, "interp", 200.0), found(1 << 20, "avx512", 2.0)];
        expect![[r#"
            kernel     axpy(x: f64, y: f64) -> f64
            inputs     x=uniform(-1,1), y=const(2); seed 1
            avx512     compiled in 31.5 us, 289 bytes, 8 lanes, 32 rows a turn
            memory     20.0 GB/s with 1 thread: reading 20.0, copying 16.0, adding 15.0; columns of 64 MiB

               rows  back end  ns/row min   median  M rows/s   GB/s  of memory  digest
               1024  avx512         0.500    0.625      2000  48.00      240 %  0123456789abcdef0123456789abcdef
               1024  interp       200.000  250.000     5.000   0.12        1 %  0123456789abcdef0123456789abcdef

            1048576  avx512         2.000    2.500     500.0  12.00       60 %  0123456789abcdef0123456789abcdef
        "#]]
        .assert_eq(&table(&all, &[subject], &SETTING));
    }
}
