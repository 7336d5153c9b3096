//! What Tab completes on the terminal's line. Works on rows of text that the server wrote: a key, then the words that may
//! follow it, with tabs between. A key is the words of a command so far, an option whose value is next, or `*` for names
//! that any command may be given.

/// What may be added to `typed`, the line up to the caret, and the words it could become, two blanks between them, if they
/// are several.
pub(crate) fn complete(rows: &str, typed: &str) -> (String, String) {
    let (before, partial) = typed.rsplit_once(' ').unwrap_or(("", typed));
    let before = before.trim();
    // `file://` and `fileb://` stand before the name of a file.
    let partial = match partial.split_once("://") {
        Some(("file" | "fileb", name)) => name,
        _ => partial,
    };
    let mut found = Found { partial, before, common: None, choices: String::new(), several: false };
    let last = before.rsplit(' ').next().unwrap_or_default();
    if last.starts_with("--")
        && let Some(values) = words(rows, last)
    {
        found.add(values);
    } else if let Some((exact, next)) = longest(rows, before) {
        // Options alone: names may stand there too, and come first, as they are what is asked for most. Words that go on: nothing
        // may follow but one of them.
        let options = next.is_empty() || next.starts_with('-');
        if options && let Some(names) = words(rows, "*") {
            found.add(names);
        }
        if options || exact {
            found.add(next);
        }
    }
    found.ended()
}

/// The words of the row with this key.
fn words<'r>(rows: &'r str, key: &str) -> Option<&'r str> {
    rows.split('\n').find_map(|row| {
        let rest = row.strip_prefix(key)?;
        if rest.is_empty() && !row.is_empty() { Some("") } else { rest.strip_prefix('\t') }
    })
}

/// The words of the row whose key is the longest beginning of `before`, and whether it is all of it.
fn longest<'r>(rows: &'r str, before: &str) -> Option<(bool, &'r str)> {
    let mut key = before;
    loop {
        if let Some(words) = words(rows, key) {
            return Some((key == before, words));
        }
        key = key.rsplit_once(' ')?.0;
    }
}

/// Words that begin as what was typed.
struct Found<'a> {
    partial: &'a str,
    before: &'a str,
    /// How all of them begin.
    common: Option<&'a str>,
    choices: String,
    several: bool,
}

impl<'a> Found<'a> {
    fn add(&mut self, words: &'a str) {
        for word in words.split('\t') {
            let used = word.starts_with('-') && self.before.split(' ').any(|before| before == word);
            if word.is_empty() || used || !word.starts_with(self.partial) {
                continue;
            }
            self.common = Some(match self.common {
                None => word,
                Some(common) => {
                    self.several = true;
                    self.choices += "  ";
                    // The server offers names without letters of several bytes.
                    let same = common.bytes().zip(word.bytes()).take_while(|(a, b)| a == b);
                    common.get(..same.count()).unwrap_or_default()
                }
            });
            self.choices += word;
        }
    }

    fn ended(self) -> (String, String) {
        let Some(common) = self.common else { return (String::new(), String::new()) };
        let mut added = common.get(self.partial.len()..).unwrap_or_default().to_owned();
        if self.several {
            return (added, self.choices);
        }
        // A bucket goes on with a key.
        if !common.ends_with('/') {
            added.push(' ');
        }
        (added, String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::complete;

    const ROWS: &str = "\taws\tcat\tclear\n\
        aws\ts3\ts3api\tkms\n\
        aws s3\tcp\tls\n\
        aws s3 cp\t--quiet\t--sse\t--sse-kms-key-id\n\
        cat\n\
        --sse\tAES256\taws:kms\n\
        *\ta.pdf\tab.txt\ts3://demo/\tarn:aws:kms:k\n\
        --sse-kms-key-id\tarn:aws:kms:k\n";

    #[test]
    fn a_word_is_completed_as_far_as_it_is_certain() {
        let cases = [
            ("aw", "s ", ""),
            ("c", "", "cat  clear"),
            ("aws k", "ms ", ""),
            ("aws s", "3", "s3  s3api"),
            ("aws s3", "", "s3  s3api"),
            ("aws s3 c", "p ", ""),
            ("aws s3 cp ab", ".txt ", ""),
            ("aws s3 cp a", "", "a.pdf  ab.txt  arn:aws:kms:k"),
            ("aws s3 cp a.pdf s3:", "//demo/", ""),
            ("aws s3 cp a.pdf --s", "se", "--sse  --sse-kms-key-id"),
            ("aws s3 cp a.pdf --sse aws", ":kms ", ""),
            ("aws s3 cp a.pdf --sse aws:kms --sse-", "kms-key-id ", ""),
            ("aws s3 cp a.pdf --sse-kms-key-id ", "arn:aws:kms:k ", ""),
            ("cat fileb://ab", ".txt ", ""),
            ("cat ", "", "a.pdf  ab.txt  s3://demo/  arn:aws:kms:k"),
        ];
        for (typed, added, choices) in cases {
            assert_eq!(complete(ROWS, typed), (added.to_owned(), choices.to_owned()), "{typed}");
        }
    }

    #[test]
    fn nothing_is_made_up() {
        for typed in ["emacs a", "aws lambda a", "cat zzz", "aws s3 fly a", "cat ä", "zzz"] {
            assert_eq!(complete(ROWS, typed), (String::new(), String::new()), "{typed}");
        }
        assert_eq!(complete("", "a"), (String::new(), String::new()));
    }
}
