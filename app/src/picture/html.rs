//! Text and documents as HTML.

/// Text as HTML shows it, in an element or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Escaped text in which what stands between backticks is set as code.
#[cfg(feature = "ssr")]
pub(crate) fn coded(text: &str) -> String {
    let part = |(place, part): (usize, &str)| match place % 2 {
        1 => format!("<code>{}</code>", escape(part)),
        _ => escape(part),
    };
    text.split('`').enumerate().map(part).collect()
}

/// HTML again as the text that a browser shows of it.
#[cfg(test)]
pub(crate) fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut inside_tag = false;
    for character in html.chars() {
        match character {
            '<' => inside_tag = true,
            '>' => inside_tag = false,
            _ if !inside_tag => text.push(character),
            _ => {}
        }
    }
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::{coded, text_of};

    #[test]
    fn code_between_backticks_is_escaped_like_all_else() {
        let html = coded("Write `s3:<b>` & not `x`");
        assert_eq!(html, "Write <code>s3:&lt;b&gt;</code> &amp; not <code>x</code>");
        assert_eq!(text_of(&html), "Write s3:<b> & not x");
    }
}
