//! `anser seed`: fills a data directory with made-up chats, to try Anser at size.
//!
//! | module | what it answers |
//! |---|---|
//! | [`plan`] | what happens in these chats, and when? |
//! | [`words`] | what do people write? |
//! | [`world`] | carries the plan out through the server's services |
//! | [`dice`] | chance that comes out the same every time |

mod dice;
mod plan;
mod words;
mod world;

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anser_protocol::Moment;
use anser_store::Store;
use anser_store::sqlite::SqliteStore;
use anyhow::{Context, bail};

use crate::arguments::SeedOptions;
use plan::{Plan, Size};
use world::{SignIn, World};

/// Makes everything and says how to look at it.
pub(crate) fn run(options: &SeedOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let events = runtime.block_on(fill(options))?;
    println!("Made {} chats with {events} entries ({} ms).", options.chats, started.elapsed().as_millis());
    println!("  look at it  anser serve --data {}", options.data.display());
    println!("  sign in     {}, password: {}", options.handle, options.password);
    println!("  the others  person_1, person_2, … with the same password");
    Ok(())
}

/// Returns how many events there are now.
async fn fill(options: &SeedOptions) -> anyhow::Result<u64> {
    let store = SqliteStore::open(&options.data)?;
    if store.has_accounts().await? {
        bail!(
            "the data directory {} has accounts already: made-up chats belong in one of their own; nothing was changed",
            options.data.display()
        );
    }
    let store: Arc<dyn Store> = Arc::new(store);
    let until = options.until.unwrap_or_else(now);
    let plan = Plan::new(Size { chats: options.chats, messages: options.messages, until });
    let first = plan.deeds.first().map_or(until, |deed| deed.at);
    let sign_in = SignIn { handle: &options.handle, password: &options.password };
    let mut world = World::populated(store, &plan, sign_in, first).await?;
    world.live(&plan).await?;
    world.read(&plan, until).await?;
    Ok(world.events())
}

fn now() -> Moment {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
}
