//! Pictures in pixels, the same on every machine: the font lies beside this file.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// Twice the size, for screens with small pixels.
const SCALE: f32 = 2.0;
/// The most by which two pictures of the same may differ, in the mean of all channels of all pixels: processors
/// round differently.
const MOST_DIFFERENCE: f64 = 0.1;

/// Draws an SVG.
pub fn render(svg: &str) -> Pixmap {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(include_bytes!("font/DejaVuSansMono.ttf").to_vec());
    fonts.load_font_data(include_bytes!("font/DejaVuSansMono-Bold.ttf").to_vec());
    fonts.set_monospace_family("DejaVu Sans Mono");
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).unwrap();
    let size = tree.size().to_int_size().scale_by(SCALE).unwrap();
    let mut pixels = Pixmap::new(size.width(), size.height()).unwrap();
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels
}

/// Whether a file shows the same.
pub fn shows(file: &[u8], pixels: &Pixmap) -> bool {
    let Ok(stored) = Pixmap::decode_png(file) else { return false };
    if (stored.width(), stored.height()) != (pixels.width(), pixels.height()) {
        return false;
    }
    let pairs = stored.data().iter().zip(pixels.data());
    let sum: u64 = pairs.map(|(one, two)| u64::from(one.abs_diff(*two))).sum();
    #[expect(clippy::cast_precision_loss, reason = "a mean of bytes")]
    let mean = sum as f64 / pixels.data().len() as f64;
    mean <= MOST_DIFFERENCE
}
