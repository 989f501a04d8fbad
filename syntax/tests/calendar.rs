//! Dates in kernels against Python's datetime: tests/oracle/dates.py has the fields of every 37th day of the years
//! 1 to 9999, and of every day if FILBERT_LONG is set. Python alone is enough; without it the test says so.

use std::io::Write;
use std::process::Command;

use filbert_ir::interp::Interpreter;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/oracle/dates.py");

const TEXT: &str = "
fn fields(date: Date32) -> (i64, i64, i64, i64, i64, i64, i64, i64, bool) {
    (
        date.year(), date.month(), date.day(), date.quarter(), date.ordinal(),
        date.weekday(), date.iso_week(), date.iso_year(), date.is_leap_year(),
    )
}

fn fields_of_a_timestamp(at: Timestamp<Second>) -> (i64, i64, i64, i64, i64, i64, i64, i64, bool) {
    (
        at.year(), at.month(), at.day(), at.quarter(), at.ordinal(),
        at.weekday(), at.iso_week(), at.iso_year(), at.is_leap_year(),
    )
}
";

#[test]
fn dates_have_the_fields_that_python_says() {
    let step = if std::env::var_os("FILBERT_LONG").is_some() { "1" } else { "37" };
    let output = match Command::new("python3").args([SCRIPT, step]).output() {
        Ok(output) => output,
        Err(e) => {
            assert!(std::env::var("FILBERT_ORACLE").as_deref() != Ok("require"), "the oracle is required: {e}");
            // Not a macro of the print family, which a test that passes keeps to itself.
            let _ = writeln!(std::io::stderr(), "\nSKIPPED: dates are not compared with Python's, python3: {e}\n");
            return;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let module = filbert_syntax::parse(TEXT, "dates").unwrap_or_else(|found| panic!("{found}"));
    let mut of_date = Interpreter::new(&module.kernels[0]);
    let mut of_timestamp = Interpreter::new(&module.kernels[1]);
    let lines = String::from_utf8(output.stdout).unwrap();
    for line in lines.lines() {
        let numbers: Vec<i64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        let (days, want) = (numbers[0], numbers[1..].iter().map(|&field| field as u64).collect::<Vec<_>>());
        let mut got = [0; 9];
        of_date.scalar_row(&[u64::from(days as u32)], &mut got).unwrap();
        assert_eq!(got[..], want, "day {days}");
        // The last second of the day, and so of one before 1970 too.
        of_timestamp.scalar_row(&[(days * 86_400 + 86_399) as u64], &mut got).unwrap();
        assert_eq!(got[..], want, "the end of day {days}");
    }
    assert!(lines.lines().count() > 98_000);
}
