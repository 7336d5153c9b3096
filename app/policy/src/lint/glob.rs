//! Patterns against patterns: whether two have a text in common, and whether one takes in all of another.

/// One place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Is(char),
    /// `?`
    One,
    /// `*`, or a placeholder that may stand for anything.
    Many,
    /// A placeholder that holds no `:`.
    Path,
    /// A placeholder that holds neither `:` nor `/`.
    Name,
}

/// The wildcards of a policy; a variable may stand for anything.
fn of_policy(text: &str) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(end) = rest.strip_prefix("${").and_then(|inner| inner.find('}')) {
            symbols.push(Symbol::Many);
            rest = rest.get(end + 3..).unwrap_or_default();
            continue;
        }
        symbols.push(match character {
            '*' => Symbol::Many,
            '?' => Symbol::One,
            other => Symbol::Is(other),
        });
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    symbols
}

/// The form of a resource type's ARNs, as the Service Authorization Reference writes it.
fn of_form(form: &str) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    let mut rest = form;
    while let Some(character) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
            let bounded = ["Partition", "Region", "Account", "BucketName", "KeyId"].contains(&name);
            symbols.push(match name {
                "ObjectName" => Symbol::Many,
                _ if bounded => Symbol::Name,
                _ => Symbol::Path,
            });
            rest = after;
            continue;
        }
        symbols.push(Symbol::Is(character));
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    symbols
}

/// Whether a policy's resource can be an ARN of this form.
pub(super) fn can_be(resource: &str, form: &str) -> bool {
    meet(&of_policy(resource), &of_form(form))
}

/// Whether two resources of policies can stand for one ARN.
pub(super) fn can_share(one: &str, other: &str) -> bool {
    meet(&of_policy(one), &of_policy(other))
}

/// Whether `wide` takes in every text that `narrow` does. May say no where it does in truth: `?` is taken for one certain
/// character only.
pub(crate) fn covers(wide: &str, narrow: &str) -> bool {
    let (wide, narrow) = (of_policy(wide), of_policy(narrow));
    let mut reached = vec![false; narrow.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for symbol in wide {
        let mut next = vec![false; narrow.len() + 1];
        for place in 0..=narrow.len() {
            let here = reached.get(place) == Some(&true);
            let before = place.checked_sub(1);
            let taken = before.and_then(|before| narrow.get(before)).copied();
            let stepped = before.is_some_and(|before| reached.get(before) == Some(&true));
            let reached_here = match symbol {
                Symbol::Many | Symbol::Path | Symbol::Name => {
                    here || before.is_some_and(|before| next.get(before) == Some(&true))
                }
                Symbol::One => stepped && matches!(taken, Some(Symbol::Is(_) | Symbol::One)),
                Symbol::Is(_) => stepped && taken == Some(symbol),
            };
            if let Some(slot) = next.get_mut(place) {
                *slot = reached_here;
            }
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

/// Whether two patterns have a text in common: their product automaton reaches its end.
fn meet(a: &[Symbol], b: &[Symbol]) -> bool {
    let width = b.len() + 1;
    let mut seen = vec![false; (a.len() + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        match seen.get_mut(i * width + j) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        let (left, right) = (a.get(i).copied(), b.get(j).copied());
        let repeats = |symbol| matches!(symbol, Some(Symbol::Many | Symbol::Path | Symbol::Name));
        if left.is_none() && right.is_none() {
            return true;
        }
        // A repeating symbol may end here.
        if repeats(left) {
            open.push((i + 1, j));
        }
        if repeats(right) {
            open.push((i, j + 1));
        }
        let (Some(left), Some(right)) = (left, right) else { continue };
        if agree(left, right) {
            let stays = |symbol| repeats(Some(symbol));
            open.push((i + usize::from(!stays(left)), j + usize::from(!stays(right))));
            // Both may repeat: each way of going on alone is covered by ending the other.
        }
    }
    false
}

/// Whether some character fits both.
fn agree(a: Symbol, b: Symbol) -> bool {
    let fits = |symbol, character| match symbol {
        Symbol::Is(is) => is == character,
        Symbol::Path => character != ':',
        Symbol::Name => character != ':' && character != '/',
        Symbol::One | Symbol::Many => true,
    };
    match (a, b) {
        (Symbol::Is(character), other) | (other, Symbol::Is(character)) => fits(other, character),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_can_be_of_a_form_or_not() {
        let (bucket, object) =
            ("arn:${Partition}:s3:::${BucketName}", "arn:${Partition}:s3:::${BucketName}/${ObjectName}");
        let key = "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}";
        for (resource, form, expected) in [
            ("arn:aws:s3:::b", bucket, true),
            ("arn:aws:s3:::b", object, false),
            ("arn:aws:s3:::b/*", object, true),
            ("arn:aws:s3:::b/*", bucket, false),
            ("arn:aws:s3:::b*", object, true),
            ("arn:aws:s3:::b*", bucket, true),
            ("*", object, true),
            ("arn:aws:s3:::${aws:username}", object, true),
            ("arn:aws:kms:*:111122223333:key/*", key, true),
            ("arn:aws:kms:*:111122223333:alias/*", key, false),
            ("arn:aws:kms:*", key, true),
            (" arn:aws:s3:::b", bucket, false),
        ] {
            assert_eq!(can_be(resource, form), expected, "{resource} as {form}");
        }
    }

    #[test]
    fn a_pattern_covers_what_it_takes_in_whole() {
        for (wide, narrow, expected) in [
            ("*", "s3:Get*", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:GetObject", "s3:Get*", false),
            ("s3:*Object", "s3:Get*Object", true),
            ("s3:G?tObject", "s3:GetObject", true),
            ("s3:G?tObject", "s3:G*tObject", false),
            ("a*b", "a*", false),
            ("", "", true),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide} over {narrow}");
        }
    }
}
