//! `trilock sandbox`: the embedded AWS alone.

use super::{CommandError, announce, close, root_key, warn_if_open};
use crate::{
    cli::{AccountOption, SandboxOptions},
    data_dir::DataDir,
    listen::{listen, reachable},
    shutdown::{GRACE, Shutdown},
};
use sandbox::{Config, Sandbox, Storage, TrailConfig};

/// Serves until the process is asked to end.
///
/// # Errors
/// When the address is taken, the state cannot be opened, or an account cannot be held.
pub async fn run(options: SandboxOptions) -> Result<(), CommandError> {
    if let Some(help) = options.aws.help() {
        announce(&help);
        return Ok(());
    }
    let accounts = options.accounts.iter().map(AccountOption::read).collect::<Result<Vec<_>, _>>();
    let accounts = accounts.map_err(CommandError::AccountOption)?;
    let listener = listen(options.listen, "the embedded AWS", "--listen").await?;
    let address = listener.local_addr()?;
    let storage = match (&options.database, options.in_memory) {
        (Some(database), _) => Storage::Database(database.read().map_err(CommandError::DatabaseOption)?),
        (None, true) => Storage::InMemory,
        (None, false) => Storage::Directory(DataDir::open(&options.data)?.aws()),
    };
    // Whoever asks for the file wants to see everything.
    let trail =
        TrailConfig { data_events: options.trail.is_some(), file: options.trail, ..TrailConfig::default() };
    let config = Config { root_key: root_key()?, trail, ..options.aws.config(storage, false)? };
    let sandbox = Sandbox::open(config).await.map_err(|error| CommandError::Sandbox(error.to_string()))?;
    for account in &accounts {
        sandbox
            .hold_account(&account.account_id, &account.access_key_id, &account.secret_access_key)
            .await
            .map_err(|error| CommandError::Account {
            account_id: account.account_id.clone(),
            reason: error.to_string(),
        })?;
    }
    let shutdown = Shutdown::on_signal();
    warn_if_open("the embedded AWS", address);
    announce(&format!("AWS      {}", reachable(address)));
    let overdue = async {
        shutdown.clone().asked().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = sandbox.clone().serve(listener, shutdown.clone().asked()) => {}
        () = overdue => {}
    }
    close(&sandbox).await;
    Ok(())
}
