//! `trilock serve`: the console, and the embedded AWS on an address of its own.

use super::{CommandError, announce, close, root_key, warn_if_open};
use crate::{
    cli::{ServeOptions, Target},
    cloud::embedded::Embedded,
    console::Site,
    data_dir::DataDir,
    listen::{listen, reachable},
    session::{RootKey, Vault},
    shutdown::{GRACE, Shutdown},
    store::Store,
    web::{self, Setup},
};
use sandbox::{Config, Sandbox, Storage};
use std::sync::Arc;

/// Serves until the process is asked to end.
///
/// # Errors
/// When an address is taken, or the state cannot be opened.
pub async fn run(options: ServeOptions) -> Result<(), CommandError> {
    if let Some(help) = options.aws.help() {
        announce(&help);
        return Ok(());
    }
    let Target::Embedded = options.target;
    // Addresses first: they fail most often, and nothing has been touched yet.
    let pages = listen(options.listen, "the console", "--listen").await?;
    let aws = listen(options.aws_listen, "the embedded AWS", "--aws-listen").await?;
    let (pages_at, aws_at) = (pages.local_addr()?, aws.local_addr()?);
    let State { sandbox, region, store, key } = open(&options).await?;
    let vault = Vault::new(store.clone(), key);
    let target = Arc::new(Embedded::new(sandbox.clone(), reachable(aws_at), region));
    let shutdown = Shutdown::on_signal();
    let site = Arc::new(Site::new(store, vault, target));
    tokio::spawn({
        let site = Arc::clone(&site);
        async move { site.forget_left_labs().await }
    });
    let setup = Setup {
        site,
        shutdown: shutdown.clone(),
        site_root: Setup::default_site_root(),
        loopback: pages_at.ip().is_loopback(),
    };
    if !setup.has_site_files() {
        eprintln!(
            "trilock: the site's files are not in {}; pages will be bare. `cargo xtask run` builds them, and TRILOCK_SITE_ROOT says where they are",
            setup.site_root.display()
        );
    }
    let router = web::router(setup).await;
    warn_if_open("the console", pages_at);
    warn_if_open("the embedded AWS", aws_at);
    announce(&format!("Trilock  {}", reachable(pages_at)));
    announce(&format!("AWS      {}", reachable(aws_at)));

    let both = async {
        tokio::join!(
            web::serve(pages, router, options.clients(), shutdown.clone().asked()),
            sandbox.clone().serve(aws, shutdown.clone().asked())
        );
    };
    let overdue = async {
        shutdown.clone().asked().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = both => {}
        () = overdue => {}
    }
    close(&sandbox).await;
    Ok(())
}

/// What is kept, in a folder or in a database.
struct State {
    sandbox: Sandbox,
    region: String,
    store: Store,
    key: RootKey,
}

/// Opens the embedded AWS first: it finds out whether another process has the folder or the database.
async fn open(options: &ServeOptions) -> Result<State, CommandError> {
    let aws = async |storage| {
        let config = Config { root_key: root_key()?, ..options.aws.config(storage, true)? };
        let region = config.region.clone();
        let sandbox = Sandbox::open(config).await;
        sandbox.map(|sandbox| (sandbox, region)).map_err(|error| CommandError::Sandbox(error.to_string()))
    };
    if let Some(database) = &options.database {
        let url = database.read().map_err(CommandError::DatabaseOption)?;
        let (sandbox, region) = aws(Storage::Database(url.clone())).await?;
        let key = RootKey::of(&sandbox)?;
        return Ok(State { sandbox, region, store: Store::open_postgres(&url).await?, key });
    }
    let data = DataDir::open(&options.data)?;
    let (sandbox, region) = aws(Storage::Directory(data.aws())).await?;
    let store = Store::open(&data.console_db()).await?;
    Ok(State { sandbox, region, store, key: RootKey::open(&data.console_key())? })
}
