//! Patterns of policy elements, compiled once: literal text, the wildcards `*` and `?`, and policy variables.

/// What is special in a pattern's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// Nothing but variables: the value of `StringEquals`.
    Literal,
    /// `*` and `?` over any character: actions and `StringLike`.
    Wildcards,
    /// An ARN in `Resource`. A wildcard stays within its colon-delimited segment, except that `*` as the last character
    /// of a segment runs on past the colon (IAM User Guide, `reference_policies_elements_resource`).
    Resource,
    /// An ARN in an Arn condition operator: each of the six segments is matched on its own (IAM User Guide,
    /// `reference_policies_elements_condition_operators`).
    Arn,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    tokens: Box<[Token]>,
    ignore_case: bool,
}

#[derive(Clone, Debug)]
enum Token {
    Text(Box<str>),
    One { crosses: bool },
    Many { crosses: bool },
    Variable(Variable),
}

/// A policy variable `${key}` or `${key, 'default'}`.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) key: Box<str>,
    pub(crate) default: Option<Box<str>>,
}

/// Gives variables their values; `None` when the request does not have one.
pub(crate) type Resolve<'f, 'v> = &'f dyn Fn(&'v Variable) -> Option<&'v str>;

impl Pattern {
    /// Compiles `text`; `variables` is false under Version 2008-10-17, where `${` is plain text.
    pub(crate) fn compile(text: &str, syntax: Syntax, variables: bool) -> Self {
        let special = |byte: u8| match byte {
            b'*' | b'?' => syntax != Syntax::Literal,
            b'$' => variables,
            _ => false,
        };
        if !text.is_empty() && !text.bytes().any(special) {
            return Self { tokens: Box::new([Token::Text(text.into())]), ignore_case: false };
        }
        let mut compiler =
            Compiler { tokens: Vec::with_capacity(2), text: String::with_capacity(text.len()) };
        let alone = text == "*";
        let (mut rest, mut segment) = (text, 0);
        while let Some(character) = rest.chars().next() {
            if variables && let Some((variable, after)) = variable(rest) {
                match variable {
                    Placeholder::Escape(escaped) => compiler.text.push(escaped),
                    Placeholder::Variable(variable) => compiler.push(Token::Variable(variable)),
                }
                rest = after;
                continue;
            }
            rest = rest.get(character.len_utf8()..).unwrap_or("");
            let last_segment = segment >= 5;
            match (syntax, character) {
                (Syntax::Wildcards | Syntax::Resource | Syntax::Arn, '?') => {
                    compiler.push(Token::One { crosses: syntax == Syntax::Wildcards || last_segment });
                }
                (Syntax::Wildcards, '*') => compiler.push(Token::Many { crosses: true }),
                (Syntax::Resource, '*') => {
                    let ends_segment = rest.is_empty() || rest.starts_with(':');
                    compiler.push(Token::Many { crosses: last_segment || ends_segment });
                }
                (Syntax::Arn, '*') => compiler.push(Token::Many { crosses: last_segment || alone }),
                (_, other) => {
                    segment += usize::from(other == ':');
                    compiler.text.push(other);
                }
            }
        }
        compiler.flush();
        Self { tokens: compiler.tokens.into(), ignore_case: false }
    }

    /// This pattern, compared without regard to case.
    pub(crate) fn ignoring_case(mut self) -> Self {
        self.ignore_case = true;
        self
    }

    /// Whether the whole of `text` matches. A pattern with a variable that has no value matches nothing.
    ///
    /// Greedy with one remembered `*` of each reach: what follows a later `*` can start anywhere the earlier one could
    /// have moved it to, so nothing older needs to be tried again.
    pub(crate) fn matches<'v>(&'v self, text: &str, resolve: Resolve<'_, 'v>) -> bool {
        let unresolved =
            |token: &'v Token| matches!(token, Token::Variable(variable) if resolve(variable).is_none());
        if self.tokens.iter().any(unresolved) {
            return false;
        }
        let (mut index, mut rest) = (0, text);
        let (mut wide, mut narrow): (Option<Star<'_>>, Option<Star<'_>>) = (None, None);
        loop {
            let advanced = match self.tokens.get(index) {
                None if rest.is_empty() => return true,
                None => None,
                Some(Token::Text(literal)) => self.strip(rest, literal),
                Some(Token::Variable(variable)) => {
                    resolve(variable).and_then(|value| self.strip(rest, value))
                }
                Some(Token::One { crosses }) => skip_one(rest, *crosses),
                Some(Token::Many { crosses: true }) => {
                    if index + 1 == self.tokens.len() {
                        return true;
                    }
                    (wide, narrow) = (Some((index + 1, rest)), None);
                    Some(rest)
                }
                Some(Token::Many { crosses: false }) => {
                    narrow = Some((index + 1, rest));
                    Some(rest)
                }
            };
            if let Some(after) = advanced {
                (index, rest) = (index + 1, after);
                continue;
            }
            narrow = retry(narrow, false);
            if let Some((next, from)) = narrow {
                (index, rest) = (next, from);
                continue;
            }
            wide = retry(wide, true);
            match wide {
                Some((next, from)) => (index, rest) = (next, from),
                None => return false,
            }
        }
    }

    /// Whether this is the single `*`.
    pub(crate) fn is_any(&self) -> bool {
        matches!(*self.tokens, [Token::Many { crosses: true }])
    }

    /// Whether it holds neither wildcard nor variable, so that it stands for one text only.
    pub(crate) fn is_fixed(&self) -> bool {
        self.tokens.iter().all(|token| matches!(token, Token::Text(_)))
    }

    fn strip<'t>(&self, text: &'t str, prefix: &str) -> Option<&'t str> {
        if !self.ignore_case {
            return text.strip_prefix(prefix);
        }
        let mut rest = text.chars();
        for wanted in prefix.chars() {
            let found = rest.next()?;
            if found != wanted && !found.to_lowercase().eq(wanted.to_lowercase()) {
                return None;
            }
        }
        Some(rest.as_str())
    }
}

/// A `*` to come back to: the token after it, and the text from where that was last tried.
type Star<'t> = (usize, &'t str);

/// Lets a remembered `*` take in one character more.
fn retry(star: Option<Star<'_>>, crosses: bool) -> Option<Star<'_>> {
    let (next, from) = star?;
    Some((next, skip_one(from, crosses)?))
}

fn skip_one(text: &str, crosses: bool) -> Option<&str> {
    let mut rest = text.chars();
    let skipped = rest.next()?;
    (crosses || skipped != ':').then_some(rest.as_str())
}

struct Compiler {
    tokens: Vec<Token>,
    text: String,
}

impl Compiler {
    fn push(&mut self, token: Token) {
        self.flush();
        self.tokens.push(token);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.tokens.push(Token::Text(self.text.as_str().into()));
            self.text.clear();
        }
    }
}

enum Placeholder {
    Variable(Variable),
    Escape(char),
}

/// Reads `${…}` at the start of `text`; gives it with what follows. `${*}`, `${?}` and `${$}` stand for the character.
fn variable(text: &str) -> Option<(Placeholder, &str)> {
    let inner = text.strip_prefix("${")?;
    let (key, after_key) = inner.split_at(inner.find(['}', ','])?);
    if let Some(after) = after_key.strip_prefix('}') {
        let escape = match key {
            "*" => Some('*'),
            "?" => Some('?'),
            "$" => Some('$'),
            _ => None,
        };
        let placeholder = match escape {
            Some(character) => Placeholder::Escape(character),
            None => Placeholder::Variable(Variable { key: key.trim().into(), default: None }),
        };
        return Some((placeholder, after));
    }
    let quoted = after_key.strip_prefix(',')?.trim_start().strip_prefix('\'')?;
    let (default, after) = quoted.split_once('\'')?;
    let after = after.trim_start().strip_prefix('}')?;
    Some((Placeholder::Variable(Variable { key: key.trim().into(), default: Some(default.into()) }), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, syntax: Syntax, text: &str) -> bool {
        Pattern::compile(pattern, syntax, true).matches(text, &|variable| match &*variable.key {
            "aws:username" => Some("alice*"),
            _ => variable.default.as_deref(),
        })
    }

    #[test]
    fn wildcards_match_as_iam_says() {
        use Syntax::{Arn, Literal, Resource, Wildcards};
        let table = [
            ("*", Wildcards, "", true),
            ("a?c", Wildcards, "aéc", true),
            ("a?c", Wildcards, "ac", false),
            ("a*b*c", Wildcards, "a\nb-b\nc", true),
            ("a*b*c", Wildcards, "abcb", false),
            ("*aab", Wildcards, "aaab", true),
            ("a*", Literal, "ab", false),
            ("a*", Literal, "a*", true),
            ("arn:aws:s3:::b/*", Resource, "arn:aws:s3:::b/x:y/z", true),
            ("arn:aws:s3:::b/*", Resource, "arn:aws:s3:::b", false),
            ("arn:aws:s3:::b*", Resource, "arn:aws:s3:::bc/d", true),
            ("arn:aws:s3:::b/a*z", Resource, "arn:aws:s3:::b/a:z", true),
            ("arn:aws:kms:*:1:key/*", Resource, "arn:aws:kms:eu-west-1:1:key/k", true),
            ("arn:*:key/k", Resource, "arn:aws:kms:eu-west-1:1:key/k", true),
            ("arn:aws:ec2:e*t:1:i/*", Resource, "arn:aws:ec2:east:1:i/1", true),
            ("arn:aws:ec2:e*t:1:i/*", Resource, "arn:aws:ec2:e:1:x:t:1:i/1", false),
            ("arn:*:e*t:1:i/*", Resource, "arn:e:2:east:1:i/1", true),
            (" arn:aws:s3:::b", Resource, "arn:aws:s3:::b", false),
            ("arn:aws:iam::1:*", Arn, "arn:aws:iam::1:role/a:b", true),
            ("arn:*:role/a", Arn, "arn:aws:iam::1:role/a", false),
            ("arn:aws:iam::*:role/?", Arn, "arn:aws:iam::1:role/a", true),
            ("*", Arn, "arn:aws:iam::1:role/a", true),
            ("h/${aws:username}", Literal, "h/alice*", true),
            ("h/${aws:username}/*", Wildcards, "h/alice*/x", true),
            ("h/${aws:username}", Wildcards, "h/alicexyz", false),
            ("h/${aws:nothing}", Wildcards, "h/", false),
            ("h/${aws:nothing, 'team, a'}", Wildcards, "h/team, a", true),
            ("${*}${?}${$}", Wildcards, "*?$", true),
            ("${*}", Wildcards, "x", false),
            ("${unclosed", Wildcards, "${unclosed", true),
        ];
        for (pattern, syntax, text, expected) in table {
            assert_eq!(
                matches(pattern, syntax, text),
                expected,
                "`{pattern}` as {syntax:?} against `{text}`"
            );
        }
    }

    #[test]
    fn under_2008_10_17_a_variable_is_plain_text() {
        let pattern = Pattern::compile("${aws:username}", Syntax::Literal, false);
        assert!(pattern.matches("${aws:username}", &|_| Some("alice")));
    }

    #[test]
    fn case_is_ignored_beyond_ascii() {
        let pattern = Pattern::compile("ÄrN*", Syntax::Wildcards, true).ignoring_case();
        assert!(pattern.matches("äRnold", &|_| None));
    }
}
