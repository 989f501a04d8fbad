//! `filbert doctor`.

use crate::Place;

#[test]
fn tells_what_there_is() {
    let ran = Place::with(&[]).filbert(&["doctor"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let titles: Vec<&str> = ran.stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        titles,
        ["versions", "machine", "engine", "cache (in memory, of this process)", "cache (on disk)", "limits in force"]
    );
    for known in ["datafusion", "cranelift=", "gives the interpreter's bits", "4096", "mode                native"] {
        assert!(ran.stdout.contains(known), "{known} is missing:\n{}", ran.stdout);
    }
}
