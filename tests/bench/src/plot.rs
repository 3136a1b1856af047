//! Plots of what grows, as SVG: both axes are logarithmic, so that what grows evenly is a straight line.

use std::path::Path;

use anyhow::{Context, Result};
use plotters::prelude::*;
use serde::Serialize;

use crate::table;

/// Width and height of a plot, and the width of what names its lines.
const SIZE: (u32, u32) = (680, 500);
const LEGEND: u32 = 240;

/// The plots, each a file of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Plot {
    /// Calls that were answered against calls that were due.
    Throughput,
    /// Latency against calls that were due.
    Latency,
    /// Time against items of a request or an answer.
    Items,
    /// Time against bytes of an image.
    Bytes,
    /// What the user pays against images per call.
    PerCall,
}

impl Plot {
    const ALL: [Self; 5] = [Self::Throughput, Self::Latency, Self::Items, Self::Bytes, Self::PerCall];

    /// Its file's name without the ending, what stands above it, below it and beside it.
    fn words(self) -> [&'static str; 4] {
        match self {
            Self::Throughput => {
                ["throughput", "Throughput against load", "calls due a second", "calls answered a second"]
            }
            Self::Latency => ["latency", "Latency against load", "calls due a second", "milliseconds"],
            Self::Items => ["items", "Time against the size of a message", "items", "microseconds"],
            Self::Bytes => ["bytes", "Time against the size of an image", "bytes of an image", "microseconds"],
            Self::PerCall => ["per-call", "What 1,000 new images cost", "images per call", "per 1,000 images"],
        }
    }
}

/// One line of a plot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    /// Where it is drawn.
    pub(crate) plot: Plot,
    /// Its name in the legend.
    pub(crate) name: String,
    /// All above zero.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Draws each plot that has a line into a folder; the names of the files.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn draw_all(folder: &Path, lines: &[Line]) -> Result<Vec<String>> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut files = Vec::new();
    for plot in Plot::ALL {
        let of_plot: Vec<&Line> = lines.iter().filter(|line| line.plot == plot && !line.points.is_empty()).collect();
        if !of_plot.is_empty() {
            let file = format!("{}.svg", plot.words()[0]);
            draw(&folder.join(&file), plot, &of_plot).with_context(|| format!("cannot draw {file}"))?;
            files.push(file);
        }
    }
    Ok(files)
}

fn draw(file: &Path, plot: Plot, lines: &[&Line]) -> Result<()> {
    let [_, title, across, up] = plot.words();
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let span = |pick: fn((f64, f64)) -> f64| {
        let (least, most) =
            points().map(pick).fold((f64::MAX, 0.0_f64), |(least, most), at| (least.min(at), most.max(at)));
        // A little room around, and never a span of nothing.
        least * 0.8..most * 1.25
    };
    let area = SVGBackend::new(file, (SIZE.0 + LEGEND, SIZE.1)).into_drawing_area();
    area.fill(&WHITE)?;
    let (chart_area, legend) = area.split_horizontally(SIZE.0);
    let mut chart = ChartBuilder::on(&chart_area)
        .caption(title, ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(72)
        .build_cartesian_2d(span(|point| point.0).log_scale(), span(|point| point.1).log_scale())?;
    let label = |value: &f64| table::short(*value);
    chart
        .configure_mesh()
        .x_desc(across)
        .y_desc(up)
        .x_labels(6)
        .y_labels(8)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .light_line_style(WHITE)
        .draw()?;
    for (index, line) in lines.iter().enumerate() {
        let colour = Palette99::pick(index).to_rgba();
        chart.draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(line.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
        // Beside the plot, where it hides nothing.
        let y = 60 + 20 * index as i32;
        legend.draw(&PathElement::new([(0, y), (18, y)], colour.stroke_width(2)))?;
        legend.draw(&Text::new(line.name.clone(), (24, y - 6), ("sans-serif", 12)))?;
    }
    Ok(area.present()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_shows_the_names_of_its_lines_and_no_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let line = |plot, name: &str| Line { plot, name: name.to_owned(), points: vec![(10.0, 1.0), (1e5, 9e3)] };
        let lines = [line(Plot::Items, "encode"), line(Plot::Bytes, "upload")];
        assert_eq!(draw_all(folder.path(), &lines).expect("plots"), ["items.svg", "bytes.svg"]);
        let drawn = std::fs::read_to_string(folder.path().join("items.svg")).expect("a plot");
        assert!(drawn.contains("encode") && !drawn.contains("upload"), "{drawn}");
    }

    #[test]
    fn one_point_is_a_plot_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let line = Line { plot: Plot::Latency, name: "facade".to_owned(), points: vec![(100.0, 0.3)] };
        assert_eq!(draw_all(folder.path(), &[line]).expect("a plot"), ["latency.svg"]);
    }
}
