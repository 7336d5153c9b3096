//! The frame of every page: header, role bar, the walk at the side, the page itself.

use super::{icon::Mark, palette::Palette, role_bar::RoleBar, walk_nav::WalkNav};
use crate::{
    console::{Lab, StepId},
    context::current_path,
    islands::{Busy, PaletteButton},
    serverfns::theme::set::SetTheme,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;

/// A page with everything around it.
#[component]
pub(crate) fn Layout(
    /// The session's lab, if it has one.
    lab: Option<Lab>,
    /// The step this page is of.
    #[prop(optional_no_strip)]
    step: Option<StepId>,
    /// The page's title for the browser; empty for the first page.
    #[prop(into)]
    title: String,
    /// The page.
    children: Children,
) -> impl IntoView {
    let path = current_path();
    let walk = lab.as_ref().and_then(Lab::next_step).unwrap_or(StepId::ALL[0]).slug();
    let has_lab = lab.is_some();
    let (lab_for_palette, path_for_palette) = (lab.clone(), path.clone());
    let current = |prefix: &str| path.starts_with(prefix).then_some("page");
    view! {
        <Title text=title />
        <a class="skip-link" href="#main">"Skip to the page"</a>
        <header class="site-header">
            <a class="brand" href="/"><Mark /><span>"Trilock"</span></a>
            {has_lab
                .then(|| {
                    view! {
                        <nav class="site-nav" aria-label="Main">
                            <a href=format!("/steps/{walk}") aria-current=current("/steps/")>"Walk"</a>
                            <a href="/locks" aria-current=current("/locks")>"Locks"</a>
                            <a href="/what-if" aria-current=current("/what-if")>"What if"</a>
                            <a href="/instance" aria-current=current("/instance")>"Instance"</a>
                            <a href="/activity" aria-current=current("/activity")>"Activity"</a>
                        </nav>
                    }
                })}
            {has_lab.then(|| view! { <PaletteButton /> })}
            <form class="theme-switch" method="post" action=SetTheme::PATH aria-label="Theme">
                <input type="hidden" name="back" value=path.clone() />
                <button name="theme" value="auto">"Auto"</button>
                <button name="theme" value="light">"Light"</button>
                <button name="theme" value="dark">"Dark"</button>
            </form>
        </header>
        {lab.clone().map(|lab| view! { <RoleBar lab step=step path=path.clone() /> })}
        <div class="page" class:page-alone=!has_lab>
            {lab.map(|lab| view! { <WalkNav lab current=step /> })}
            <main id="main" tabindex="-1">
                {children()}
            </main>
        </div>
        {lab_for_palette.map(|lab| view! { <Palette lab path=path_for_palette /> })}
        <Busy />
        <footer class="site-footer">
            <p>
                "Trilock makes every call for real and explains it from the policies it reads back. Independent of Amazon \
                 Web Services."
            </p>
            <p><a href="/words">"Words"</a>" · "<a href="/tutorial">"The tutorial, line by line"</a></p>
        </footer>
    }
    .into_any()
}
