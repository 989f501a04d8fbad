//! The ratios as a picture: bars on a logarithmic scale, longer is better for us.

use plotters::prelude::*;

use crate::bars::Against;
use crate::measure::Outcome;

/// A peer of the picture, the best of some variants, and its colour.
const SHOWN: [(&str, &[&str], RGBColor); 4] = [
    ("Numba 0.68 (best)", &["numba", "numba-fast", "numba-bits"], RGBColor(31, 119, 180)),
    ("Numba + SVML (best)", &["svml", "svml-fast"], RGBColor(148, 103, 189)),
    ("rustc native", &["rustc"], RGBColor(214, 100, 39)),
    ("Cython (best)", &["cython", "cython-fast"], RGBColor(44, 140, 90)),
];

const WIDTH: u32 = 1040;
const ROW: u32 = 12;

/// An SVG of some outcomes, a group of bars for each.
pub(crate) fn svg(title: &str, outcomes: &[&Outcome]) -> Result<String, String> {
    let outcomes: Vec<&&Outcome> = outcomes.iter().filter(|o| Against::Numba.ratio(o, "filbert").is_some()).collect();
    let mut text = String::new();
    let height = 90 + outcomes.len() as u32 * (SHOWN.len() as u32 + 1) * ROW;
    draw(&mut text, title, &outcomes, height).map_err(|e| format!("the chart: {e}"))?;
    Ok(text)
}

fn draw(text: &mut String, title: &str, outcomes: &[&&Outcome], height: u32) -> Result<(), Box<dyn std::error::Error>> {
    let best = |outcome: &Outcome, variants: &[&str]| {
        let ratios = variants.iter().filter_map(|theirs| outcome.ratio(theirs, "filbert"));
        ratios.min_by(f64::total_cmp)
    };
    let all = outcomes.iter().flat_map(|outcome| SHOWN.iter().filter_map(|(_, variants, _)| best(outcome, variants)));
    let (low, high) = all.fold((0.5f64, 2.0f64), |(low, high), ratio| (low.min(ratio), high.max(ratio)));
    let (low, high) = (low * 0.9, high * 1.2);
    let rows = outcomes.len() * (SHOWN.len() + 1);
    let root = SVGBackend::with_string(text, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(230)
        .build_cartesian_2d((low..high).log_scale(), 0.0..rows as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_desc("time of the peer / time of Filbert, logarithmic: right of 1 we are faster")
        .x_labels(12)
        .x_label_formatter(&|x| if *x < 1.0 { format!("{x:.1}") } else { format!("{x:.0}") })
        .draw()?;
    for (peer, (name, variants, colour)) in SHOWN.iter().enumerate() {
        let bar = |(row, outcome): (usize, &&&Outcome)| {
            let ratio = best(outcome, variants)?;
            let top = (rows - row * (SHOWN.len() + 1) - peer) as f64 - 0.5;
            Some(Rectangle::new([(ratio.min(1.0), top - 0.85), (ratio.max(1.0), top)], colour.filled()))
        };
        let bars: Vec<_> = outcomes.iter().enumerate().filter_map(bar).collect();
        let colour = *colour;
        let legend = move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], colour.filled());
        chart.draw_series(bars)?.label(*name).legend(legend);
    }
    chart.draw_series(std::iter::once(PathElement::new([(1.0, 0.0), (1.0, rows as f64)], BLACK.stroke_width(1))))?;
    chart.configure_series_labels().border_style(BLACK.mix(0.3)).background_style(WHITE.mix(0.9)).draw()?;
    let plot = chart.plotting_area();
    for (row, outcome) in outcomes.iter().enumerate() {
        let middle = (rows - row * (SHOWN.len() + 1)) as f64 - 0.5 - SHOWN.len() as f64 / 2.0;
        let (_, y) = plot.map_coordinate(&(1.0, middle));
        let style = ("sans-serif", 13).into_font().color(&BLACK);
        root.draw_text(outcome.group.case.title, &style, (16, y - 7))?;
    }
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_chart_has_a_bar_for_each_peer_that_was_measured() {
        let outcomes = samples();
        let all: Vec<&Outcome> = outcomes.iter().collect();
        let text = svg("a title", &all).unwrap();
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
        assert!(text.contains("a title") && text.contains("2.5 x + y"));
        // Without a time of ours there is no ratio.
        assert!(!text.contains("sum"));
        // The bar and its legend; of a peer that was not measured the legend alone.
        assert_eq!((text.matches("#1F77B4").count(), text.matches("#D66427").count()), (2, 1));
    }
}
