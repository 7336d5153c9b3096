//! Two texts side by side, line by line.

use leptos::prelude::*;

/// A line with its number, from 1.
type Line = (usize, String);

/// One row: what stands on the left, and what on the right.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    Same(Line, Line),
    Changed(Option<Line>, Option<Line>),
}

/// The difference of two texts. Lines that both have stand beside each other; on a narrow screen they stand once.
#[component]
pub(crate) fn Difference(
    /// What the left text is called.
    left_name: &'static str,
    /// What the right text is called.
    right_name: &'static str,
    /// The left text.
    left: String,
    /// The right text.
    right: String,
) -> impl IntoView {
    let rows = rows(&left, &right);
    let removed = rows.iter().filter(|row| matches!(row, Row::Changed(Some(_), _))).count();
    let added = rows.iter().filter(|row| matches!(row, Row::Changed(_, Some(_)))).count();
    let lines = |count: usize| if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
    let summary = match (removed, added) {
        (0, 0) => "The two texts are the same.".to_owned(),
        _ => format!(
            "{} only in “{left_name}” (−), {} only in “{right_name}” (+).",
            lines(removed),
            lines(added)
        ),
    };
    let rows = rows
        .into_iter()
        .map(|row| match row {
            Row::Same(left, right) => view! {
                <tr role="row" class="diff-same">
                    <Cell line=Some(left) sign="" word="" class="" />
                    <Cell line=Some(right) sign="" word="" class="diff-repeats" />
                </tr>
            }
            .into_any(),
            Row::Changed(left, right) => view! {
                <tr role="row">
                    <Cell line=left sign="−" word="removed" class="diff-removed" />
                    <Cell line=right sign="+" word="added" class="diff-added" />
                </tr>
            }
            .into_any(),
        })
        .collect_view();
    view! {
        <p class="hint">{summary}</p>
        <table class="diff" role="table">
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader">{left_name}</th>
                    <th scope="col" role="columnheader">{right_name}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Cell(line: Option<Line>, sign: &'static str, word: &'static str, class: &'static str) -> impl IntoView {
    match line {
        None => view! { <td role="cell" class="diff-empty"></td> }.into_any(),
        Some((number, text)) => view! {
            <td role="cell" class=class>
                <span class="diff-line">
                    <span class="diff-number" aria-hidden="true">{number}</span>
                    <span class="diff-sign" aria-hidden="true">{sign}</span>
                    <code>{text}</code>
                    {(!word.is_empty()).then(|| view! { <span class="diff-word">{word}</span> })}
                </span>
            </td>
        }
        .into_any(),
    }
}

/// The rows of two texts: by the longest common run of lines, changes paired in their order.
fn rows(left: &str, right: &str) -> Vec<Row> {
    let (left, right): (Vec<&str>, Vec<&str>) = (left.lines().collect(), right.lines().collect());
    // `common[i][j]` is how many lines the rests from `i` and `j` have in common.
    let mut common = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            common[i][j] = match left[i] == right[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let line = |at: usize, text: &str| (at + 1, text.to_owned());
    let (mut rows, mut removed, mut added) = (Vec::new(), Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < left.len() || j < right.len() {
        if i < left.len() && j < right.len() && left[i] == right[j] {
            pair(&mut rows, &mut removed, &mut added);
            rows.push(Row::Same(line(i, left[i]), line(j, right[j])));
            (i, j) = (i + 1, j + 1);
        } else if j == right.len() || (i < left.len() && common[i + 1][j] >= common[i][j + 1]) {
            removed.push(line(i, left[i]));
            i += 1;
        } else {
            added.push(line(j, right[j]));
            j += 1;
        }
    }
    pair(&mut rows, &mut removed, &mut added);
    rows
}

fn pair(rows: &mut Vec<Row>, removed: &mut Vec<Line>, added: &mut Vec<Line>) {
    let count = removed.len().max(added.len());
    let (mut removed, mut added) = (removed.drain(..), added.drain(..));
    rows.extend((0..count).map(|_| Row::Changed(removed.next(), added.next())));
}

#[cfg(test)]
mod tests {
    use super::{Row, rows};

    fn line(number: usize, text: &str) -> (usize, String) {
        (number, text.to_owned())
    }

    #[test]
    fn a_changed_line_stands_beside_what_it_becomes() {
        assert_eq!(
            rows("a\nb\nc", "a\nB\nc\nd"),
            [
                Row::Same(line(1, "a"), line(1, "a")),
                Row::Changed(Some(line(2, "b")), Some(line(2, "B"))),
                Row::Same(line(3, "c"), line(3, "c")),
                Row::Changed(None, Some(line(4, "d"))),
            ]
        );
    }

    #[test]
    fn nothing_is_lost_on_either_side() {
        for (left, right) in [("", "a\nb"), ("a\nb", ""), ("a\nb\na", "b\na\nb"), ("x", "x")] {
            let rows = rows(left, right);
            let of = |side: fn(&Row) -> Option<String>| {
                rows.iter().filter_map(side).collect::<Vec<_>>().join("\n")
            };
            let left_side = of(|row| match row {
                Row::Same(line, _) => Some(line.1.clone()),
                Row::Changed(line, _) => line.as_ref().map(|line| line.1.clone()),
            });
            let right_side = of(|row| match row {
                Row::Same(_, line) => Some(line.1.clone()),
                Row::Changed(_, line) => line.as_ref().map(|line| line.1.clone()),
            });
            assert_eq!((left_side.as_str(), right_side.as_str()), (left, right));
        }
    }
}
