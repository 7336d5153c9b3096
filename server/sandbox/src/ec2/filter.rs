//! Filters of the Describe operations, and their pages.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::fault::invalid_value;
use crate::query::{Call, Fault};

/// What `MaxResults` may be.
const PAGE: std::ops::RangeInclusive<usize> = 5..=1_000;

/// A filter: what has one of the values passes. `*` stands for any characters, `?` for one (EC2 User Guide, `Using_Filtering`).
pub(super) struct Filter<'a> {
    pub(super) name: &'a str,
    values: Vec<&'a str>,
}

impl<'a> Filter<'a> {
    /// All filters of a request; those with a name that is not `known` are refused.
    pub(super) fn read_all(call: Call<'a>, known: impl Fn(&str) -> bool) -> Result<Vec<Self>, Fault> {
        let names = call.params.numbered("Filter", ".Name").into_iter();
        names
            .map(|(number, name)| match known(name) {
                true => Ok(Self { name, values: call.params.list(&format!("Filter.{number}.Value"), "") }),
                false => Err(invalid_value(format!("The filter '{name}' is invalid"))),
            })
            .collect()
    }

    /// Whether one of these values is asked for.
    pub(super) fn passes<V: AsRef<str>>(&self, actual: impl IntoIterator<Item = V>) -> bool {
        actual.into_iter().any(|actual| self.values.iter().any(|wanted| matches(wanted, actual.as_ref())))
    }
}

/// Whether `text` is of the form `pattern`; a backslash takes the meaning from the character after it.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<Piece> = pieces(pattern).collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read) = (0, 0);
    // Where to go on when what follows the last `*` does not fit.
    let mut back: Option<(usize, usize)> = None;
    while let Some(&char) = text.get(read) {
        match pattern.get(at) {
            Some(Piece::Any) => {
                at += 1;
                back = Some((at, read));
            }
            Some(piece) if piece.fits(char) => (at, read) = (at + 1, read + 1),
            _ => match back {
                Some((after, from)) => {
                    back = Some((after, from + 1));
                    (at, read) = (after, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|piece| matches!(piece, Piece::Any))
}

#[derive(Clone, Copy)]
enum Piece {
    Any,
    One,
    Exactly(char),
}

impl Piece {
    fn fits(self, char: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Exactly(wanted) => wanted == char,
        }
    }
}

fn pieces(pattern: &str) -> impl Iterator<Item = Piece> {
    let mut chars = pattern.chars();
    std::iter::from_fn(move || {
        Some(match chars.next()? {
            '*' => Piece::Any,
            '?' => Piece::One,
            '\\' => Piece::Exactly(chars.next().unwrap_or('\\')),
            char => Piece::Exactly(char),
        })
    })
}

/// One page of `entries`, which come in the order of their keys, and the token of the next. A token is the last key of the page
/// before, so that a page stays where it is when entries come and go.
pub(super) fn page<T>(
    call: Call<'_>,
    entries: impl IntoIterator<Item = (String, T)>,
) -> Result<(Vec<T>, Option<String>), Fault> {
    let limit = max_results(call)?;
    let after = match call.params.get("NextToken") {
        None => String::new(),
        Some(token) => read_token(token)?,
    };
    let mut rest = entries.into_iter().filter(|(key, _)| *key > after).peekable();
    let (mut last, mut shown) = (None, Vec::new());
    while let Some((key, entry)) = rest.next_if(|_| shown.len() < limit) {
        last = Some(key);
        shown.push(entry);
    }
    let next = rest.peek().and(last).map(|last| BASE64_URL_SAFE_NO_PAD.encode(format!("{TOKEN}{last}")));
    Ok((shown, next))
}

/// How the text behind a token begins, so that what no page gave is told apart.
const TOKEN: &str = "after ";

/// The last entry of the page that gave this token.
fn read_token(token: &str) -> Result<String, Fault> {
    let text = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| text.strip_prefix(TOKEN).map(str::to_owned)).ok_or_else(|| {
        let message = "The specified pagination token is not valid or is expired.";
        Fault::refused(400, "InvalidPaginationToken", message)
    })
}

fn max_results(call: Call<'_>) -> Result<usize, Fault> {
    let Some(text) = call.params.get("MaxResults") else { return Ok(usize::MAX) };
    text.parse().ok().filter(|limit| PAGE.contains(limit)).ok_or_else(|| {
        invalid_value(format!(
            "Value ( {text} ) for parameter maxResults is invalid. Expecting a value between {} and {}.",
            PAGE.start(),
            PAGE.end()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_characters_and_question_marks_for_one() {
        let cases = [
            ("t3.micro", "t3.micro", true),
            ("t3.*", "t3.micro", true),
            ("*micro", "t3.micro", true),
            ("t?.micro", "t3.micro", true),
            ("*", "", true),
            ("**a*b**", "xxaybz", true),
            ("*ab*ab", "abab", true),
            ("?", "", false),
            ("t3", "t3.micro", false),
            ("*ab", "aba", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            (r"\?\\", r"?\", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} and {text}");
        }
    }
}
