-- The words of a text, counted: a text file is split into words, the words are counted and sorted. Run it from
-- the root of the repository, in one process or on a cluster:
--
--   filbert run examples/word_count.sql
--   filbert run examples/word_count.sql --cluster df://127.0.0.1:50050

-- One row for each line: no line has the separator.
CREATE EXTERNAL TABLE lines (line VARCHAR) STORED AS CSV LOCATION 'examples/data/gettysburg.txt'
OPTIONS ('format.has_header' 'false', 'format.delimiter' '|');

CREATE FUNCTION share(BIGINT, BIGINT) RETURNS DOUBLE LANGUAGE kernel AS
$$
/// Percent of the whole; counts are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn share(part: i64, whole: i64) -> f64 {
    100.0 * part as f64 / whole as f64
}
$$;

CREATE VIEW words AS
SELECT word FROM (
  SELECT unnest(string_to_array(translate(lower(line), '.,-', '   '), ' ')) AS word FROM lines
) WHERE word <> '';

SELECT word, n, round(share(n, total), 2) AS percent
FROM (SELECT word, count(*) AS n FROM words GROUP BY word) AS counted,
     (SELECT count(*) AS total FROM words) AS whole
ORDER BY n DESC, word
LIMIT 10;
