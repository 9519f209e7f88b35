//! The thread that owns SQLite: one deed at a time, each durable before its answer.
//!
//! | module | what it does |
//! |---|---|
//! | `place` | opens the database of a directory, and makes it anew when it is damaged |
//! | `database` | one open database |
//! | `damage` | tells damage from trouble that passes |

mod damage;
mod database;
mod place;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anser_client_core::local::{Load, Loaded, Restored, Save};
use tokio::sync::{mpsc, oneshot};

use crate::error::ClientError;
use database::Database;
use place::Opened;

/// The driver's end of the thread. When it goes, the thread finishes what it does and closes the database.
pub(crate) struct Disk {
    jobs: mpsc::Sender<Job>,
    closed: oneshot::Receiver<()>,
}

/// What a disk holds when it is opened.
pub(crate) struct Found {
    pub(crate) restored: Restored,
    /// What was there was damaged: the rest has to come from the server again.
    pub(crate) rebuilt: bool,
}

enum Job {
    Save(Vec<Save>, oneshot::Sender<Result<(), ClientError>>),
    Load(Load, oneshot::Sender<Result<Loaded, ClientError>>),
    Rebuild(oneshot::Sender<Result<Restored, ClientError>>),
}

impl Disk {
    /// Opens, or makes, the database in this directory, and reads what an engine needs at start.
    pub(crate) async fn open(dir: &Path) -> Result<(Disk, Found), ClientError> {
        // The driver waits for each answer, so there is never more than one job.
        let (jobs, job_queue) = mpsc::channel(1);
        let (opened, when_opened) = oneshot::channel();
        let (on_close, closed) = oneshot::channel();
        let dir = dir.to_owned();
        let thread = std::thread::Builder::new().name("anser-disk".to_owned());
        let spawned = thread.spawn(move || {
            match Keeper::open(dir) {
                Ok((keeper, found)) => {
                    // Nobody waits any more when the opening was given up: then there is no job either.
                    let _ = opened.send(Ok(found));
                    keeper.work(job_queue);
                }
                Err(error) => drop(opened.send(Err(error))),
            }
            let _ = on_close.send(());
        });
        spawned.map_err(|_| ClientError::PartEnded)?;
        let found = when_opened.await.map_err(|_| ClientError::PartEnded)??;
        Ok((Disk { jobs, closed }, found))
    }

    /// One transaction. On error nothing of it is on disk.
    pub(crate) async fn save(&self, saves: Vec<Save>) -> Result<(), ClientError> {
        self.ask(|answer| Job::Save(saves, answer)).await
    }

    pub(crate) async fn load(&self, load: Load) -> Result<Loaded, ClientError> {
        self.ask(|answer| Job::Load(load, answer)).await
    }

    /// What is on disk is damaged: a new database with what can be saved from it, for a new engine.
    pub(crate) async fn rebuild(&self) -> Result<Restored, ClientError> {
        self.ask(Job::Rebuild).await
    }

    /// Returns when the database is closed and its directory free for the next client.
    pub(crate) async fn close(self) {
        drop(self.jobs);
        let _ = self.closed.await;
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, ClientError>>) -> Job,
    ) -> Result<T, ClientError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(job(answer)).await.map_err(|_| ClientError::PartEnded)?;
        answered.await.map_err(|_| ClientError::PartEnded)?
    }
}

/// What the thread has.
struct Keeper {
    dir: PathBuf,
    /// None after a database could not be made anew: then every job fails.
    database: Option<Database>,
    /// Declared after the database, so that it is let go after that is closed.
    _lock: File,
}

impl Keeper {
    fn open(dir: PathBuf) -> Result<(Keeper, Found), ClientError> {
        let lock = lock(&dir)?;
        let Opened { database, restored, rebuilt } = place::open(&dir)?;
        let keeper = Keeper { dir, database: Some(database), _lock: lock };
        Ok((keeper, Found { restored, rebuilt }))
    }

    fn work(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            // An answer that nobody waits for belongs to a driver that has ended; the next turn ends us too.
            match job {
                Job::Save(saves, answer) => drop(answer.send(self.with(|database| database.save(&saves)))),
                Job::Load(load, answer) => drop(answer.send(self.with(|database| database.load(&load)))),
                Job::Rebuild(answer) => drop(answer.send(self.rebuild())),
            }
        }
    }

    fn with<T>(
        &mut self,
        deed: impl FnOnce(&mut Database) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        self.database.as_mut().map_or(Err(ClientError::PartEnded), deed)
    }

    fn rebuild(&mut self) -> Result<Restored, ClientError> {
        // Closed first: two connections would each have a cache and locks of their own.
        self.database = None;
        let Opened { database, restored, .. } = place::rebuild(&self.dir)?;
        self.database = Some(database);
        Ok(restored)
    }
}

/// The directory, private to this user because the session's token lies in it, and ours alone from here on.
fn lock(dir: &Path) -> Result<File, ClientError> {
    let refuse = |source| ClientError::DataDir { path: dir.to_owned(), source };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let new: Vec<&Path> = dir.ancestors().take_while(is_new).collect();
    builder.create(dir).map_err(refuse)?;
    new.into_iter().try_for_each(place::sync_name).map_err(refuse)?;
    let file = File::create(dir.join("lock")).map_err(refuse)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClientError::InUse(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(refuse(source)),
    }
}
