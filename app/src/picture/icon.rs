//! Small line drawings, drawn with the text's colour. They repeat what a word beside them says.

use super::html::escape;
#[cfg(feature = "ssr")]
use leptos::prelude::*;
use policy::{LaneVerdict, call::Lane};

/// Which drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Admin,
    Allows,
    Anonymous,
    Bucket,
    Delegates,
    Denies,
    Done,
    Function,
    Iam,
    Instance,
    Key,
    NewTab,
    Lock,
    LockOpen,
    NotConsulted,
    Silent,
    Skipped,
    Trust,
    Warning,
}

impl Icon {
    /// The drawing of a lane.
    pub(crate) const fn of_lane(lane: Lane) -> Self {
        match lane {
            Lane::Iam => Self::Iam,
            Lane::Bucket => Self::Bucket,
            Lane::Key => Self::Key,
            Lane::Trust => Self::Trust,
        }
    }

    /// The drawing of what a lane said.
    pub(crate) const fn of_verdict(verdict: LaneVerdict) -> Self {
        match verdict {
            LaneVerdict::Allows => Self::Allows,
            LaneVerdict::Denies => Self::Denies,
            LaneVerdict::Silent => Self::Silent,
            LaneVerdict::Delegates => Self::Delegates,
            LaneVerdict::NotConsulted => Self::NotConsulted,
        }
    }

    /// SVG path data on a grid of 24 by 24.
    const fn path(self) -> &'static str {
        match self {
            Self::Admin => "M12 3l7 3v5c0 4.6-2.9 8-7 10-4.1-2-7-5.4-7-10V6zM9 11.5l2.2 2.2L15.2 9.6",
            Self::Allows => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM8 12.3l2.8 2.8L16 9.4",
            Self::Anonymous => {
                "M12 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM4.5 20.5c.3-2 1.2-3.5 2.5-4.5M10 14.7c1.3-.2 2.7-.2 4 0M17 16c1.3 1 2.2 2.5 2.5 4.5"
            }
            Self::Bucket => {
                "M4.5 6.5c0-1.7 3.4-3 7.5-3s7.5 1.3 7.5 3s-3.4 3-7.5 3s-7.5-1.3-7.5-3zM4.5 6.5L6.4 19c.2 1 2.6 2 5.6 2s5.4-1 5.6-2L19.5 6.5"
            }
            Self::Delegates => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM7.5 12h8.6M12.8 8.4L16.4 12l-3.6 3.6",
            Self::Denies => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM8.7 8.7l6.6 6.6M15.3 8.7l-6.6 6.6",
            Self::Done => "M5 12.8l4.6 4.6L19.4 7",
            Self::Function => "M6 4h4l8 16h-4.2M10.6 11.5L6.2 20H3.8",
            Self::Iam => "M12 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
            Self::Instance => "M4.5 4.5h15v6h-15zM4.5 13.5h15v6h-15zM8 7.5h.01M8 16.5h.01M12 7.5h4M12 16.5h4",
            Self::Key => {
                "M7.8 11.7a4.3 4.3 0 1 0 0 8.6a4.3 4.3 0 0 0 0-8.6zM10.9 13L20 3.9M16.3 7.6l3 3M13.4 10.5l2 2"
            }
            Self::NewTab => "M13 4.5h6.5V11M19.5 4.5L11 13M17.5 14v5.5h-13v-13H10",
            Self::Lock => "M5.5 11h13v9.5h-13zM8 11V8a4 4 0 0 1 8 0v3M12 14.5v2.5",
            Self::LockOpen => "M5.5 11h13v9.5h-13zM8 11V7a4 4 0 0 1 7.6-1.8M12 14.5v2.5",
            Self::NotConsulted => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM5.8 18.2L18.2 5.8",
            Self::Silent => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM8 12h8",
            Self::Skipped => "M5 6l7 6-7 6zM13 6l6 6-6 6z",
            Self::Trust => {
                "M3.5 12.5l4-5.5 4.2 1.6L16 6.5l4.5 5.5M3.5 12.5l6.8 6.3 2-.6 2-1.2 2-1.5 4.2-3.5M11.7 8.6l-2.2 3.6 2.4.8 2.4-2 3.9 4.5"
            }
            Self::Warning => "M12 3.8l9 16H3zM12 10v4.4M12 17.2h.01",
        }
    }
}

/// The drawing as text, hidden from assistive technology.
pub(crate) fn glyph(icon: Icon) -> String {
    format!(
        r#"<svg class="glyph" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>"#,
        escape(icon.path())
    )
}

/// The drawing, hidden from assistive technology.
#[cfg(feature = "ssr")]
#[component]
pub(crate) fn Glyph(
    /// Which one.
    icon: Icon,
) -> impl IntoView {
    view! {
        <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=icon.path() />
        </svg>
    }
    .into_any()
}

/// The mark of Trilock: three locks, one behind the other.
#[cfg(feature = "ssr")]
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 48 24" aria-hidden="true" focusable="false">
            <g class="mark-iam">
                <path d="M4.6 10.5V7a3.9 3.9 0 0 1 7.8 0v3.5" />
                <rect x="2" y="10.5" width="13" height="10.5" rx="2.4" />
            </g>
            <g class="mark-bucket">
                <path d="M20.1 10.5V7a3.9 3.9 0 0 1 7.8 0v3.5" />
                <rect x="17.5" y="10.5" width="13" height="10.5" rx="2.4" />
            </g>
            <g class="mark-key">
                <path d="M35.6 10.5V7a3.9 3.9 0 0 1 7.8 0v3.5" />
                <rect x="33" y="10.5" width="13" height="10.5" rx="2.4" />
            </g>
        </svg>
    }
    .into_any()
}
