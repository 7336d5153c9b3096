//! The document around every page, and which page answers which address.

use crate::{
    context::{request_header, send_content_security_policy},
    pages::{
        ActivityPage, CallPage, CostPage, DrillsPage, HomePage, InstancePage, LabPage, LocksPage, MorePage,
        NotFoundPage, RemoveLabPage, ScenarioPage, SideBySidePage, StepPage, TutorialPage, UndoPage,
        WhatIfPage, WordsPage,
    },
    serverfns::theme::set::THEME_COOKIE,
};
use http::header;
use leptos::{hydration::HydrationScripts, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    ParamSegment, SsrMode, StaticSegment,
    components::{Route, Router, Routes},
};

/// The HTML document: head, style, the islands' script, and [`App`] as its body.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=chosen_theme()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href="/pkg/main.css" />
                <HydrationScripts options islands=true />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// All pages. Each is rendered whole before its first byte is sent: nothing flashes, nothing waits for a script, and a page
/// that finds nothing can still answer 404.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    send_content_security_policy();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Trilock".into() } else { format!("{title} · Trilock") } />
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=StaticSegment("") view=HomePage ssr=SsrMode::Async />
                <Route path=(StaticSegment("steps"), ParamSegment("slug")) view=StepPage ssr=SsrMode::Async />
                <Route path=StaticSegment("locks") view=LocksPage ssr=SsrMode::Async />
                <Route path=StaticSegment("what-if") view=WhatIfPage ssr=SsrMode::Async />
                <Route
                    path=(StaticSegment("steps"), ParamSegment("slug"), StaticSegment("undo"))
                    view=UndoPage
                    ssr=SsrMode::Async
                />
                <Route path=StaticSegment("lab") view=LabPage ssr=SsrMode::Async />
                <Route path=(StaticSegment("lab"), StaticSegment("remove")) view=RemoveLabPage ssr=SsrMode::Async />
                <Route path=StaticSegment("tutorial") view=TutorialPage ssr=SsrMode::Async />
                <Route path=StaticSegment("side-by-side") view=SideBySidePage ssr=SsrMode::Async />
                <Route
                    path=(StaticSegment("side-by-side"), ParamSegment("left"), ParamSegment("right"))
                    view=SideBySidePage
                    ssr=SsrMode::Async
                />
                <Route path=StaticSegment("words") view=WordsPage ssr=SsrMode::Async />
                <Route path=StaticSegment("instance") view=InstancePage ssr=SsrMode::Async />
                <Route path=StaticSegment("more") view=MorePage ssr=SsrMode::Async />
                <Route path=(StaticSegment("more"), StaticSegment("cost")) view=CostPage ssr=SsrMode::Async />
                <Route path=(StaticSegment("more"), ParamSegment("slug")) view=ScenarioPage ssr=SsrMode::Async />
                <Route path=StaticSegment("drills") view=DrillsPage ssr=SsrMode::Async />
                <Route path=(StaticSegment("drills"), ParamSegment("slug")) view=ScenarioPage ssr=SsrMode::Async />
                <Route path=StaticSegment("activity") view=ActivityPage ssr=SsrMode::Async />
                <Route path=(StaticSegment("activity"), ParamSegment("id")) view=CallPage ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

/// `light` or `dark` when a person chose one with the switch in the header; else the system decides.
fn chosen_theme() -> Option<&'static str> {
    let cookies = request_header(&header::COOKIE)?;
    let chosen = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == THEME_COOKIE)?;
    match chosen.1 {
        "light" => Some("light"),
        "dark" => Some("dark"),
        _ => None,
    }
}
