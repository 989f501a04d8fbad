//! A sweep as a picture: time of a row over the number of rows, a line for each back end, both axes logarithmic.

use plotters::prelude::*;

use crate::backend::Choice;
use crate::bench::Measurement;

const SIZE: (u32, u32) = (900, 560);
const FONT: &str = "sans-serif";

/// The picture as SVG text. The error says what the drawing library said.
pub fn svg(title: &str, measurements: &[Measurement]) -> Result<String, String> {
    let mut out = String::new();
    let root = SVGBackend::with_string(&mut out, SIZE).into_drawing_area();
    draw(&root, title, measurements).map_err(|error| error.to_string())?;
    root.present().map_err(|error| error.to_string())?;
    drop(root);
    Ok(out)
}

type Area<'o> = DrawingArea<SVGBackend<'o>, plotters::coord::Shift>;
type Drawn<'o> = Result<(), DrawingAreaErrorKind<<SVGBackend<'o> as DrawingBackend>::ErrorType>>;

fn draw<'o>(root: &Area<'o>, title: &str, measurements: &[Measurement]) -> Drawn<'o> {
    let (left, right) = range(measurements.iter().map(|found| found.rows as f64));
    let (bottom, top) = range(measurements.iter().map(|found| found.ns_per_row_min));
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(root)
        .caption(title, (FONT, 17))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((left..right).log_scale(), (bottom..top).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("rows of a call")
        .y_desc("ns per row, fastest round")
        .x_label_formatter(&|rows| short(*rows))
        .y_label_formatter(&|ns| format!("{ns}"))
        .axis_desc_style((FONT, 14))
        .label_style((FONT, 13))
        .light_line_style(RGBColor(240, 240, 240))
        .draw()?;
    for choice in Choice::NAMED {
        let of_it = measurements.iter().filter(|found| found.backend == choice.name());
        let points: Vec<(f64, f64)> = of_it.map(|found| (found.rows as f64, found.ns_per_row_min)).collect();
        if points.is_empty() {
            continue;
        }
        let colour = colour(choice);
        chart.draw_series(points.iter().map(|&point| Circle::new(point, 3, colour.filled())))?;
        let line = chart.draw_series([PathElement::new(points, colour.stroke_width(2))])?;
        line.label(choice.name())
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(200, 200, 200))
        .label_font((FONT, 14))
        .draw()?;
    Ok(())
}

fn colour(choice: Choice) -> RGBColor {
    match choice {
        Choice::Interp => RGBColor(120, 120, 120),
        Choice::Scalar => RGBColor(214, 121, 20),
        Choice::Avx2 => RGBColor(30, 110, 190),
        Choice::Avx512 | Choice::Auto => RGBColor(20, 140, 80),
    }
}

/// Least and greatest value with room around them.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::MAX, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    if low > high { (1.0, 10.0) } else { (low / 1.5, high * 1.5) }
}

/// `4Ki`, `1Mi`.
fn short(rows: f64) -> String {
    match rows {
        rows if rows >= f64::from(1 << 20) => format!("{:.4}Mi", rows / f64::from(1 << 20)),
        rows if rows >= 1024.0 => format!("{:.4}Ki", rows / 1024.0),
        rows => format!("{rows:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_back_end() {
        let found = |rows: usize, backend: &'static str, ns: f64| Measurement {
            kernel: "f".to_string(),
            rows,
            ns_per_row_min: ns,
            ns_per_row_median: ns,
            backend,
            lanes: 1,
            compile_us: 0.0,
            code_bytes: 0,
            digest: String::new(),
            bytes: 0,
            rounds: 5,
        };
        let all = [found(1024, "scalar", 1.0), found(4096, "scalar", 0.9), found(1024, "interp", 100.0)];
        let picture = svg("f(x: f64) -> f64 & more", &all).unwrap();
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"), "{picture}");
        for (choice, points) in [(Choice::Scalar, 2), (Choice::Interp, 1), (Choice::Avx2, 0)] {
            let RGBColor(r, g, b) = colour(choice);
            let colour = format!("fill=\"#{r:02X}{g:02X}{b:02X}\"");
            let dots = picture.lines().filter(|line| line.starts_with("<circle") && line.contains(&colour));
            assert_eq!(dots.count(), points, "{} in {picture}", choice.name());
        }
        for text in ["scalar", "interp", "rows of a call", "f(x: f64) -&gt; f64 &amp; more"] {
            assert!(picture.contains(text), "no {text} in {picture}");
        }
        assert!(!picture.contains("avx2") && !picture.contains("NaN"));
    }

    #[test]
    fn nothing_measured_is_an_empty_picture() {
        assert!(svg("f", &[]).unwrap().contains("</svg>"));
    }
}
