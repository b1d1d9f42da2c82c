//! The colours of a mail, in light and in dark. Every pair of text and ground is held to 4.5:1 by a test (WCAG 2.2, 1.4.3).

/// One appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Palette {
    /// Around the card.
    pub(super) page: &'static str,
    pub(super) card: &'static str,
    /// Of the card and between rows; carries no meaning.
    pub(super) line: &'static str,
    pub(super) text: &'static str,
    pub(super) muted: &'static str,
    pub(super) link: &'static str,
    /// Text on a badge or a button.
    pub(super) on_colour: &'static str,
    pub(super) button: &'static str,
    pub(super) bad: &'static str,
    pub(super) good: &'static str,
    pub(super) neutral: &'static str,
    /// The same as texts of their own, on the card.
    pub(super) bad_text: &'static str,
    pub(super) good_text: &'static str,
}

pub(super) const LIGHT: Palette = Palette {
    page: "#f3f4f7",
    card: "#ffffff",
    line: "#dfe3ea",
    text: "#1a2130",
    muted: "#576275",
    link: "#1d4fb8",
    on_colour: "#ffffff",
    button: "#1d4fb8",
    bad: "#b42318",
    good: "#1a7340",
    neutral: "#3b4a63",
    bad_text: "#b42318",
    good_text: "#1a7340",
};

pub(super) const DARK: Palette = Palette {
    page: "#12161d",
    card: "#1b212b",
    line: "#313a49",
    text: "#e8ebf0",
    muted: "#a9b3c3",
    link: "#8ab8ff",
    on_colour: "#ffffff",
    button: "#2a5fc4",
    bad: "#b42318",
    good: "#1a7340",
    neutral: "#4a5a75",
    bad_text: "#ff9b90",
    good_text: "#7ad6a0",
};

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2: relative luminance of `#rrggbb`.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn the_measure_is_right() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.001);
        assert!((contrast("#777777", "#ffffff") - 4.48).abs() < 0.01);
    }

    #[test]
    fn every_text_can_be_read_in_light_and_in_dark() {
        for p in [LIGHT, DARK] {
            for (text, ground) in [
                (p.text, p.card),
                (p.muted, p.card),
                (p.link, p.card),
                (p.bad_text, p.card),
                (p.good_text, p.card),
                (p.on_colour, p.bad),
                (p.on_colour, p.good),
                (p.on_colour, p.neutral),
                (p.on_colour, p.button),
                // Where a program drops the card's own ground.
                (p.text, p.page),
                (p.muted, p.page),
                (p.link, p.page),
            ] {
                let ratio = contrast(text, ground);
                assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2}");
            }
        }
    }
}
