//! The page's style and script, and the policy that lets a browser obey these and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use sha2::Sha256;

/// The style sheet: the very bytes between the tags.
pub(super) const STYLE: &str = include_str!("style.css");

/// The script, for searching and copying. The page is read without it.
pub(super) const SCRIPT: &str = include_str!("script.js");

/// The Content-Security-Policy. Nothing is fetched, nothing is sent, and only the style and the script of the program count: text of a
/// capture that became markup, by whatever mistake, would not run.
pub(super) fn policy() -> String {
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

/// SHA-256 in base64, as a policy names what it trusts.
fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Custom properties of the style sheet: those of the light page, then those of the dark one.
    fn colours() -> [BTreeMap<&'static str, [f64; 3]>; 2] {
        let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").expect("a dark page");
        [light, dark].map(|part| {
            let part = part.split_once('}').map_or(part, |(block, _)| block);
            let pairs = part.split(';').filter_map(|line| line.rsplit_once("--")?.1.split_once(": #"));
            pairs.filter_map(|(name, hex)| Some((name, rgb(hex.trim())?))).collect()
        })
    }

    fn rgb(hex: &str) -> Option<[f64; 3]> {
        let number = u32::from_str_radix(hex, 16).ok()?.to_be_bytes();
        Some([number[1], number[2], number[3]].map(|value| f64::from(value) / 255.0))
    }

    /// Contrast as WCAG 2.2 defines it.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let linear = |value: f64| if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        let luminance = |[red, green, blue]: [f64; 3]| 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_text_can_be_read() {
        for (page, (colours, enough)) in colours().iter().zip([5.5, 7.0]).enumerate() {
            assert!(colours.len() >= 20, "page {page}: {}", colours.len());
            let check = |text: &str, ground: &str, enough: f64| {
                let contrast = contrast(colours[text], colours[ground]);
                assert!(contrast >= enough, "page {page}: {text} on {ground}: {contrast:.2}");
            };
            for role in ["control", "keyword", "data", "unknown", "secret"] {
                check(role, "page", enough);
                check(role, &format!("{role}-tint"), if page == 0 { 5.0 } else { 7.0 });
            }
            for text in ["text", "muted", "link", "alarm"] {
                for ground in ["page", "panel"] {
                    check(text, ground, if page == 0 { 5.0 } else { 6.0 });
                }
            }
            check("bar-text", "bar", 7.0);
        }
    }

    #[test]
    fn style_and_script_stay_between_their_tags() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r') && text.is_ascii());
            assert!(!text.contains("http:") || text.matches("http:").count() == text.matches("http://www.w3.org/2000/svg").count());
            assert!(!text.contains("https:") && !text.contains("@import") && !text.contains("innerHTML"));
        }
    }
}
