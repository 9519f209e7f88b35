//! What is on the disk if the power goes: everything synced, and of the rest whatever chance left.
//!
//! Of what was written to a file and not synced, any part may be there: nothing, all, or single sectors in any
//! order. Names (made, changed, gone) are on the disk once their folder was synced, before that each may be there or
//! not. That is harsher than any file system, and it is all that a database may count on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rand::{Rng, RngExt};

use super::deed::Deed;

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// A disk, deed by deed.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    nodes: Vec<Node>,
    /// As programs see them now.
    names: BTreeMap<String, usize>,
    /// As they are on the disk for certain.
    synced_names: BTreeMap<String, usize>,
    pending_names: Vec<Naming>,
}

#[derive(Clone, Debug)]
enum Node {
    Folder,
    File { synced: Vec<u8>, pending: Vec<Piece> },
}

/// A change of a file that is not synced.
#[derive(Clone, Debug)]
enum Piece {
    Write { offset: usize, data: Vec<u8> },
    Truncate { size: usize },
}

/// A change of names that is not synced.
#[derive(Clone, Debug)]
enum Naming {
    Put(String, usize),
    Gone(String),
    Moved(String, String, usize),
}

/// What chance makes of a file's pending pieces.
#[derive(Clone, Copy)]
enum Luck {
    Nothing,
    Everything,
    /// Up to some piece, which is torn.
    Beginning,
    /// Any sectors.
    Pieces,
}

impl Disk {
    /// A disk that holds what is in this folder, all of it synced.
    pub fn of_folder(dir: &Path) -> Result<Disk> {
        let mut disk = Disk::default();
        disk.load(dir, "")?;
        disk.synced_names = disk.names.clone();
        disk.pending_names.clear();
        Ok(disk)
    }

    /// Takes in what was done next.
    pub fn take(&mut self, deed: &Deed<'_>) {
        match *deed {
            Deed::Create(path) => self.put(path, Node::File { synced: Vec::new(), pending: Vec::new() }),
            Deed::MakeFolder(path) => self.put(path, Node::Folder),
            Deed::Write { path, offset, data } => {
                self.change(path, Piece::Write { offset: offset as usize, data: data.to_vec() });
            }
            Deed::Truncate { path, size } => self.change(path, Piece::Truncate { size: size as usize }),
            Deed::Sync(path) => self.sync(path),
            Deed::Unlink(path) => {
                self.names.remove(path);
                self.pending_names.push(Naming::Gone(path.to_owned()));
            }
            Deed::Rename { from, to } => {
                if let Some(node) = self.names.remove(from) {
                    self.names.insert(to.to_owned(), node);
                    self.pending_names.push(Naming::Moved(from.to_owned(), to.to_owned(), node));
                }
            }
        }
    }

    /// A file as programs see it now.
    pub fn content(&self, path: &str) -> Option<Vec<u8>> {
        match &self.nodes[*self.names.get(path)?] {
            Node::Folder => None,
            Node::File { synced, pending } => {
                let mut content = synced.clone();
                pending.iter().for_each(|piece| piece.apply_to(&mut content));
                Some(content)
            }
        }
    }

    /// The power goes: writes what is left into this empty folder.
    pub fn cut_power(&self, dir: &Path, chance: &mut impl Rng) -> Result<()> {
        let mut names = self.synced_names.clone();
        for naming in self.pending_names.iter().filter(|_| chance.random()) {
            naming.apply_to(&mut names);
        }
        for (path, node) in &names {
            let place = dir.join(path);
            match &self.nodes[*node] {
                Node::Folder => fs::create_dir_all(&place),
                // Without its folder a file has no name to be found by.
                Node::File { .. } if !place.parent().is_some_and(Path::is_dir) => Ok(()),
                Node::File { synced, pending } => fs::write(&place, left_of(synced, pending, chance)),
            }
            .with_context(|| format!("writing {}", place.display()))?;
        }
        Ok(())
    }

    fn load(&mut self, dir: &Path, prefix: &str) -> Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name().into_string().ok().context("a name of ours is text")?;
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                self.put(&path, Node::Folder);
                self.load(&entry.path(), &format!("{path}/"))?;
            } else {
                self.put(&path, Node::File { synced: fs::read(entry.path())?, pending: Vec::new() });
            }
        }
        Ok(())
    }

    fn put(&mut self, path: &str, node: Node) {
        self.nodes.push(node);
        let node = self.nodes.len() - 1;
        self.names.insert(path.to_owned(), node);
        self.pending_names.push(Naming::Put(path.to_owned(), node));
    }

    fn change(&mut self, path: &str, piece: Piece) {
        if let Some(node) = self.names.get(path)
            && let Node::File { pending, .. } = &mut self.nodes[*node]
        {
            pending.push(piece);
        }
    }

    fn sync(&mut self, path: &str) {
        if let Some(node) = self.names.get(path)
            && let Node::File { synced, pending } = &mut self.nodes[*node]
        {
            pending.drain(..).for_each(|piece| piece.apply_to(synced));
            return;
        }
        for naming in std::mem::take(&mut self.pending_names) {
            if naming.folder() == path {
                naming.apply_to(&mut self.synced_names);
            } else {
                self.pending_names.push(naming);
            }
        }
    }
}

impl Piece {
    fn apply_to(&self, content: &mut Vec<u8>) {
        match self {
            Piece::Truncate { size } => content.resize(*size, 0),
            Piece::Write { offset, data } => {
                let end = offset + data.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(data);
            }
        }
    }

    /// The sectors of it that were lucky.
    fn torn(&self, chance: &mut impl Rng) -> Vec<Piece> {
        let Piece::Write { offset, data } = self else { return vec![self.clone()] };
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < data.len() {
            let length = (SECTOR_BYTES - (offset + at) % SECTOR_BYTES).min(data.len() - at);
            if chance.random() {
                pieces.push(Piece::Write { offset: offset + at, data: data[at..at + length].to_vec() });
            }
            at += length;
        }
        pieces
    }
}

impl Naming {
    fn apply_to(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Naming::Put(path, node) => drop(names.insert(path.clone(), *node)),
            Naming::Gone(path) => drop(names.remove(path)),
            Naming::Moved(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }

    /// The folder that has to be synced for it. (Nothing here is moved from one to another.)
    fn folder(&self) -> &str {
        let (Naming::Put(path, _) | Naming::Gone(path) | Naming::Moved(_, path, _)) = self;
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

fn left_of(synced: &[u8], pending: &[Piece], chance: &mut impl Rng) -> Vec<u8> {
    let mut content = synced.to_vec();
    let luck = match chance.random_range(0..4_u8) {
        0 => Luck::Nothing,
        1 => Luck::Everything,
        2 => Luck::Beginning,
        _ => Luck::Pieces,
    };
    let whole = match luck {
        Luck::Nothing | Luck::Pieces => 0,
        Luck::Everything => pending.len(),
        Luck::Beginning => chance.random_range(0..=pending.len()),
    };
    pending[..whole].iter().for_each(|piece| piece.apply_to(&mut content));
    let torn = match luck {
        Luck::Nothing | Luck::Everything => 0,
        Luck::Beginning => pending.len().min(whole + 1),
        Luck::Pieces => pending.len(),
    };
    for piece in pending.get(whole..torn).unwrap_or_default() {
        piece.torn(chance).iter().for_each(|sector| sector.apply_to(&mut content));
    }
    content
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    /// What is left of the file `a` after these deeds, over many cuts.
    fn leftovers(deeds: &[Deed<'_>]) -> BTreeSet<Option<Vec<u8>>> {
        let mut disk = Disk::default();
        deeds.iter().for_each(|deed| disk.take(deed));
        let cut = |seed| {
            let dir = tempfile::tempdir().unwrap();
            disk.cut_power(dir.path(), &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
            fs::read(dir.path().join("a")).ok()
        };
        (0..200).map(cut).collect()
    }

    fn write(offset: u64, data: &[u8]) -> Deed<'_> {
        Deed::Write { path: "a", offset, data }
    }

    #[test]
    fn what_was_synced_with_its_name_is_there() {
        let deeds = [Deed::Create("a"), write(0, b"kept"), Deed::Sync("a"), Deed::Sync("")];
        assert_eq!(leftovers(&deeds), BTreeSet::from([Some(b"kept".to_vec())]));
    }

    #[test]
    fn a_name_that_was_not_synced_may_be_gone() {
        let deeds = [Deed::Create("a"), write(0, b"kept"), Deed::Sync("a")];
        assert_eq!(leftovers(&deeds), BTreeSet::from([None, Some(b"kept".to_vec())]));
    }

    #[test]
    fn what_was_not_synced_is_there_or_not_and_in_any_order() {
        let deeds = [Deed::Create("a"), Deed::Sync(""), write(0, b"one"), write(3, b"two")];
        let expect = ["", "one", "onetwo", "\0\0\0two"].map(|text| Some(text.as_bytes().to_vec()));
        assert_eq!(leftovers(&deeds), BTreeSet::from(expect));
    }

    #[test]
    fn a_write_is_torn_between_sectors_only() {
        let data = [[1; SECTOR_BYTES], [2; SECTOR_BYTES]].concat();
        let deeds = [Deed::Create("a"), Deed::Sync(""), write(0, &data)];
        for left in leftovers(&deeds).into_iter().flatten() {
            assert!(left.chunks(SECTOR_BYTES).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        }
        assert_eq!(leftovers(&deeds).len(), 4);
    }

    #[test]
    fn a_new_name_is_the_whole_new_file_or_the_whole_old_one() {
        let deeds = [
            Deed::Create("a"),
            write(0, b"old"),
            Deed::Sync("a"),
            Deed::Create("b"),
            Deed::Write { path: "b", offset: 0, data: b"new" },
            Deed::Sync("b"),
            Deed::Sync(""),
            Deed::Rename { from: "b", to: "a" },
        ];
        let expect = ["old", "new"].map(|text| Some(text.as_bytes().to_vec()));
        assert_eq!(leftovers(&deeds), BTreeSet::from(expect));
        let synced = [deeds.as_slice(), &[Deed::Sync("")]].concat();
        assert_eq!(leftovers(&synced), BTreeSet::from([Some(b"new".to_vec())]));
    }

    #[test]
    fn what_programs_see_is_not_what_the_disk_has() {
        let mut disk = Disk::default();
        for deed in [Deed::Create("a"), write(0, b"words"), Deed::Truncate { path: "a", size: 4 }] {
            disk.take(&deed);
        }
        assert_eq!(disk.content("a"), Some(b"word".to_vec()));
        assert_eq!(disk.content("b"), None);
    }
}
