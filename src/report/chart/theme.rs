//! The colours that a figure is drawn in.

use super::color::Color;

/// Whether a figure is drawn on a light or a dark sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Dark ink on white.
    #[default]
    Light,
    /// Light ink on near black.
    Dark,
}

impl Theme {
    /// The colours of the theme.
    pub(super) fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

/// The colours of a theme, by what they are for.
#[derive(Debug)]
pub(super) struct Palette {
    /// The sheet.
    pub(super) paper: Color,
    /// The title and other words that matter.
    pub(super) ink: Color,
    /// Words that explain.
    pub(super) soft: Color,
    /// Grid lines and other helpers.
    pub(super) grid: Color,
    /// The line at the foot of a plot.
    pub(super) rule: Color,
    /// The mark of a cell.
    pub(super) alarm: Color,
    series: [Color; 8],
    ramp: [Color; 4],
}

/// Okabe and Ito's colours, the pale ones darkened so that they show on white.
const LIGHT: Palette = Palette {
    paper: Color::hex(0xFFFFFF),
    ink: Color::hex(0x16191D),
    soft: Color::hex(0x5A626C),
    grid: Color::hex(0xE3E6EA),
    rule: Color::hex(0x8A929C),
    alarm: Color::hex(0xD55E00),
    series: [
        Color::hex(0x0072B2),
        Color::hex(0xD55E00),
        Color::hex(0x009E73),
        Color::hex(0xC7609B),
        Color::hex(0xC58600),
        Color::hex(0x2F9BD8),
        Color::hex(0x4A4F57),
        Color::hex(0x8E8500),
    ],
    ramp: [Color::hex(0xF1F5F9), Color::hex(0xA9CCE6), Color::hex(0x3A83BD), Color::hex(0x08305E)],
};

/// The same hues, lightened so that they show on near black.
const DARK: Palette = Palette {
    paper: Color::hex(0x14181D),
    ink: Color::hex(0xF2F4F7),
    soft: Color::hex(0xA6AFBA),
    grid: Color::hex(0x2B323A),
    rule: Color::hex(0x737D89),
    alarm: Color::hex(0xFF9149),
    series: [
        Color::hex(0x4FA8E8),
        Color::hex(0xFF8742),
        Color::hex(0x2CC79A),
        Color::hex(0xE693C2),
        Color::hex(0xEDB13C),
        Color::hex(0x8FD3FA),
        Color::hex(0xC3CAD3),
        Color::hex(0xEBE04E),
    ],
    ramp: [Color::hex(0x1E262F), Color::hex(0x1D4B73), Color::hex(0x3F8FCB), Color::hex(0xCDE8FB)],
};

impl Palette {
    /// The colour of the curve with this number.
    pub(super) fn series(&self, number: usize) -> Color {
        self.series[number % self.series.len()]
    }

    /// `color`, moved toward the ink until words in it are easy to read on the sheet.
    pub(super) fn words(&self, color: Color) -> Color {
        (0..=10)
            .map(|step| color.toward(self.ink, f64::from(step) / 10.0))
            .find(|color| color.contrast(self.paper) >= 4.6)
            .unwrap_or(self.ink)
    }

    /// The colour of a share of 0 to 1, the same step in lightness for the same step in share.
    pub(super) fn ramp(&self, share: f64) -> Color {
        let last = self.ramp.len() - 1;
        let place = if share.is_finite() { share.clamp(0.0, 1.0) * last as f64 } else { 0.0 };
        let from = (place as usize).min(last - 1);
        self.ramp[from].toward(self.ramp[from + 1], place - from as f64)
    }

    /// The ink or the paper, whichever reads better on `color`.
    pub(super) fn words_on(&self, color: Color) -> Color {
        if self.ink.contrast(color) >= self.paper.contrast(color) { self.ink } else { self.paper }
    }
}

#[cfg(test)]
mod tests {
    use super::Theme;

    #[test]
    fn colours_can_be_told_from_the_sheet() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = theme.palette();
            assert!(palette.soft.contrast(palette.paper) >= 4.5);
            for number in 0..12 {
                let color = palette.series(number);
                assert!(color.contrast(palette.paper) >= 2.9, "{number}");
                let words = palette.words(color);
                assert!(words.contrast(palette.paper) >= 4.5, "{number}");
            }
        }
    }

    #[test]
    fn more_use_is_further_from_the_sheet_and_can_be_read() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = theme.palette();
            let away = |share: f64| palette.ramp(share).contrast(palette.paper);
            for step in 0..20 {
                let share = f64::from(step) / 20.0;
                assert!(away(share + 0.05) > away(share), "{share}");
                let cell = palette.ramp(share);
                assert!(palette.words_on(cell).contrast(cell) >= 4.2, "{share}");
            }
        }
    }
}
