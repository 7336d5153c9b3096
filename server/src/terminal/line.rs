//! From a line as typed to words, as a shell would split it.

use super::Output;

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 8 * 1024;

/// Words that would be more than one command in a shell.
const OPERATORS: [&str; 11] = ["|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "2>&1"];

/// Splits a line into words. Line breaks count as blanks, with a backslash before them or without: the tutorial's upload
/// command is printed over two lines.
///
/// # Errors
/// The shell's own words for a missing quote; ours for what a shell would have to run.
pub fn words(line: &str) -> Result<Vec<String>, Output> {
    if line.len() > MAX_LINE {
        return Err(Output::failed(2, format!("trilock: a line has at most {MAX_LINE} bytes\n")));
    }
    let line = line.replace("\r\n", "\n").replace("\\\n", " ").replace('\n', " ");
    let Some(words) = shlex::split(&line) else {
        return Err(Output::failed(2, "-bash: unexpected EOF while looking for matching quote\n"));
    };
    if let Some(operator) = words.iter().find(|word| OPERATORS.contains(&word.as_str())) {
        return Err(Output::failed(
            2,
            format!("trilock: no shell runs here, so `{operator}` cannot be used; type one command a line\n"),
        ));
    }
    Ok(words)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{MAX_LINE, words};

    #[test]
    fn lines_are_split_as_a_shell_splits_them() {
        let cases: [(&str, &[&str]); 6] = [
            ("ls", &["ls"]),
            ("  ", &[]),
            ("curl -O 'https://a.example/b c.pdf'", &["curl", "-O", "https://a.example/b c.pdf"]),
            ("aws s3 cp f s3://b/\n--sse aws:kms", &["aws", "s3", "cp", "f", "s3://b/", "--sse", "aws:kms"]),
            ("aws s3 cp f s3://b/ \\\r\n  --sse", &["aws", "s3", "cp", "f", "s3://b/", "--sse"]),
            ("ls # and more", &["ls"]),
        ];
        for (line, expected) in cases {
            assert_eq!(words(line).unwrap(), expected, "{line:?}");
        }
    }

    #[test]
    fn what_needs_a_shell_is_refused_with_a_reason() {
        let long = "x".repeat(MAX_LINE + 1);
        for (line, expected) in
            [("ls 'x", "matching quote"), ("ls | cat", "`|`"), ("ls > f", "`>`"), (&long, "8192")]
        {
            let refused = words(line).unwrap_err();
            assert!(refused.text.contains(expected), "{}", refused.text);
            assert_eq!(refused.status, 2);
        }
    }
}
