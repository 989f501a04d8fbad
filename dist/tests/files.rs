//! Paths that name files, folders and globs; the four formats; mistakes.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::ipc::writer::FileWriter;

use crate::{cells, session};
use filbert_dist::Session;

async fn fill(session: &Session, folder: &Path) {
    let rows = || session.sql("SELECT column1::INT n, column2::DOUBLE x FROM VALUES (1, 0.5), (2, NULL), (3, 1.5)");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    for name in ["one.parquet", "one.csv", "one.json"] {
        assert_eq!(rows().await.unwrap().write(&path(name)).await.unwrap(), 3, "{name}");
    }
    // A null is written, so that every line has the same keys.
    assert!(std::fs::read_to_string(path("one.json")).unwrap().contains("{\"n\":2,\"x\":null}"));
    let batches = rows().await.unwrap().collect().await.unwrap();
    let mut writer = FileWriter::try_new(File::create(path("one.arrow")).unwrap(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

#[tokio::test]
async fn every_format_is_read() {
    let session = session("fn half(x: f64) -> f64 { x / 2.0 }");
    let folder = tempfile::tempdir().unwrap();
    fill(&session, folder.path()).await;
    for ending in ["parquet", "csv", "json", "arrow"] {
        let path = folder.path().join(format!("one.{ending}"));
        session.table("t", path.to_str().unwrap()).await.unwrap();
        assert_eq!(
            cells(&session, "SELECT n, half(x) FROM t ORDER BY n").await,
            "1 | 0.25; 2 | ; 3 | 0.75",
            "{ending}"
        );
        let frame = session.read(path.to_str().unwrap()).await.unwrap();
        assert_eq!(frame.dataframe().count().await.unwrap(), 3, "{ending}");
    }
}

#[tokio::test]
async fn folders_and_globs() {
    let session = session("fn half(x: f64) -> f64 { x / 2.0 }");
    let folder = tempfile::tempdir().unwrap();
    fill(&session, folder.path()).await;
    let part = folder.path().join("parts");
    std::fs::create_dir(&part).unwrap();
    for name in ["a.parquet", "b.parquet"] {
        std::fs::copy(folder.path().join("one.parquet"), part.join(name)).unwrap();
    }
    std::fs::write(part.join("_SUCCESS"), "").unwrap();
    let paths = [
        (part.to_str().unwrap().to_string(), "6"),
        (format!("{}/", part.display()), "6"),
        (format!("{}/*.parquet", part.display()), "6"),
        (format!("{}/a*.parquet", part.display()), "3"),
        (format!("{}/*.json", folder.path().display()), "3"),
    ];
    for (path, count) in paths {
        session.table("t", &path).await.unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(cells(&session, "SELECT count(*) FROM t").await, count, "{path}");
    }
}

#[tokio::test]
async fn mistakes_are_told_at_once() {
    let session = session("fn half(x: f64) -> f64 { x / 2.0 }");
    let folder = tempfile::tempdir().unwrap();
    fill(&session, folder.path()).await;
    let whole = std::fs::read(folder.path().join("one.parquet")).unwrap();
    std::fs::write(folder.path().join("cut.parquet"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(folder.path().join("empty.parquet"), "").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
    std::fs::create_dir(folder.path().join("nothing")).unwrap();
    let rows = [
        ("absent.parquet", "no such file or folder"),
        ("absent/*.parquet", "no .parquet file"),
        ("*.ndjson", "no .ndjson file"),
        ("notes.txt", ".txt is not known"),
        ("nothing", "the folder has no"),
        ("", "several kinds"),
        ("cut.parquet", "cut.parquet"),
        ("empty.parquet", "empty.parquet"),
    ];
    for (name, words) in rows {
        let path = folder.path().join(name);
        let error = session.table("t", path.to_str().unwrap()).await.expect_err(name);
        let screen = session.render(&error);
        assert!(screen.starts_with("FB-0703: ") && screen.contains(words), "{name}: {screen}");
        assert!(screen.lines().count() < 24, "{screen}");
    }
}

#[tokio::test]
async fn results_that_cannot_be_written() {
    let session = session("fn half(x: f64) -> f64 { x / 2.0 }");
    let folder = tempfile::tempdir().unwrap();
    let rows = [("no/such/out.parquet", "there is no folder"), ("out.txt", "must end in"), ("", "it is a folder")];
    for (name, words) in rows {
        let path = folder.path().join(name);
        let frame = session.sql("SELECT half(1) AS x").await.unwrap();
        let error = match name {
            "" => frame.write_parquet(path.to_str().unwrap()).await,
            _ => frame.write(path.to_str().unwrap()).await,
        };
        let screen = session.render(&error.expect_err(name));
        assert!(screen.starts_with("FB-0704: ") && screen.contains(words), "{name}: {screen}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The one folder where not even the superuser may make files.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_without_write_permission() {
    let session = session("fn half(x: f64) -> f64 { x / 2.0 }");
    let frame = session.sql("SELECT half(1) AS x").await.unwrap();
    let screen = session.render(&frame.write("/proc/out.parquet").await.unwrap_err());
    assert!(screen.starts_with("FB-0704: output cannot be written: cannot write /proc/out.parquet"), "{screen}");
}

#[tokio::test]
async fn a_result_without_rows_is_a_file() {
    let session = session("fn half(x: f64) -> f64 { x / 2.0 }");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.parquet");
    let frame = session.sql("SELECT half(column1) AS x FROM VALUES (1.0) WHERE column1 > 5").await.unwrap();
    assert_eq!(frame.write_parquet(path.to_str().unwrap()).await.unwrap(), 0);
    session.table("t", path.to_str().unwrap()).await.unwrap();
    assert_eq!(cells(&session, "SELECT count(x) FROM t").await, "0");
}
