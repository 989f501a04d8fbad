//! Vegetation index of a satellite image: one kernel over 2-D bands of 16-bit counts, read in place even
//! where a band is a strided view into an interleaved image.
//!
//! ```sh
//! cargo run --release --example ndvi
//! ```

use filbert::{KernelCall, kernel};
use ndarray::{Array2, Array3, Axis};

/// Normalised difference vegetation index, -1 to 1, of reflectance counts; 0 where both bands are dark.
#[kernel]
fn ndvi(red: u16, infrared: u16) -> f32 {
    let (red, infrared) = (red as f32, infrared as f32);
    let sum = infrared + red;
    if sum == 0.0 { 0.0 } else { (infrared - red) / sum }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 480 x 640 pixels, four interleaved bands: blue, green, red, near infrared.
    let image = Array3::from_shape_fn((480, 640, 4), |(y, x, band)| match band {
        3 => 200 + 8 * (x % 100) as u16 + y as u16,
        band => 100 * band as u16 + (y % 50) as u16,
    });
    let (red, infrared) = (image.index_axis(Axis(2), 2), image.index_axis(Axis(2), 3));
    let index: Array2<f32> = ndvi.map((&red, &infrared))?;

    let green = index.iter().filter(|&&v| v > 0.4).count();
    println!("{} of {} pixels are green, the mean index is {:.6}", green, index.len(), index.mean().unwrap_or(0.0));
    assert_eq!(index[[7, 11]], ndvi(image[[7, 11, 2]], image[[7, 11, 3]]));
    Ok(())
}
