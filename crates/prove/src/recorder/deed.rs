//! What a process did to its files, read from the recorder's log.

use std::str;

use anyhow::{Context, Result, bail};

/// One thing done. Paths are from the recorded folder on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed<'a> {
    /// A file was made, empty.
    Create(&'a str),
    /// Bytes were written.
    Write {
        /// Which file.
        path: &'a str,
        /// Where in it.
        offset: u64,
        /// What.
        data: &'a [u8],
    },
    /// A file was given this size.
    Truncate {
        /// Which file.
        path: &'a str,
        /// Its size.
        size: u64,
    },
    /// A file, or a folder's list of names, was asked to be on the disk.
    Sync(&'a str),
    /// A file's name went.
    Unlink(&'a str),
    /// A file's name changed.
    Rename {
        /// Before.
        from: &'a str,
        /// After.
        to: &'a str,
    },
    /// A folder was made.
    MakeFolder(&'a str),
}

/// Everything in the log, in its order.
pub fn read(log: &[u8]) -> Result<Vec<Deed<'_>>> {
    let mut rest = log;
    let mut deeds = Vec::new();
    while !rest.is_empty() {
        let (deed, after) = read_one(rest).with_context(|| format!("deed {} of the log", deeds.len() + 1))?;
        deeds.push(deed);
        rest = after;
    }
    Ok(deeds)
}

fn read_one(log: &[u8]) -> Result<(Deed<'_>, &[u8])> {
    let (kind, rest) = take::<1>(log)?;
    let (path_length, rest) = take::<4>(rest)?;
    let (second_length, rest) = take::<4>(rest)?;
    let (data_length, rest) = take::<4>(rest)?;
    let (offset, rest) = take::<8>(rest)?;
    let offset = u64::from_ne_bytes(offset);
    let (path, rest) = split(rest, path_length)?;
    let (second, rest) = split(rest, second_length)?;
    let (data, rest) = split(rest, data_length)?;
    let path = str::from_utf8(path)?;
    let deed = match kind[0] {
        1 => Deed::Create(path),
        2 => Deed::Write { path, offset, data },
        3 => Deed::Truncate { path, size: offset },
        4 => Deed::Sync(path),
        5 => Deed::Unlink(path),
        6 => Deed::Rename { from: path, to: str::from_utf8(second)? },
        7 => Deed::MakeFolder(path),
        unknown => bail!("no deed is of kind {unknown}"),
    };
    Ok((deed, rest))
}

fn take<const N: usize>(log: &[u8]) -> Result<([u8; N], &[u8])> {
    let (head, rest) = log.split_first_chunk::<N>().context("the log ends in the middle of a deed")?;
    Ok((*head, rest))
}

fn split(log: &[u8], length: [u8; 4]) -> Result<(&[u8], &[u8])> {
    let length = u32::from_ne_bytes(length) as usize;
    log.split_at_checked(length).context("the log ends in the middle of a deed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, path: &str, second: &str, offset: u64, data: &[u8]) -> Vec<u8> {
        let mut record = vec![kind];
        for length in [path.len(), second.len(), data.len()] {
            record.extend((length as u32).to_ne_bytes());
        }
        record.extend(offset.to_ne_bytes());
        record.extend(path.as_bytes());
        record.extend(second.as_bytes());
        record.extend(data);
        record
    }

    #[test]
    fn deeds_are_read_in_their_order() {
        let log = [
            record(1, "a", "", 0, b""),
            record(2, "a", "", 512, b"words"),
            record(6, "a", "b", 0, b""),
            record(4, "", "", 0, b""),
        ]
        .concat();
        let expect = [
            Deed::Create("a"),
            Deed::Write { path: "a", offset: 512, data: b"words" },
            Deed::Rename { from: "a", to: "b" },
            Deed::Sync(""),
        ];
        assert_eq!(read(&log).unwrap(), expect);
    }

    #[test]
    fn a_log_that_ends_too_early_is_refused() {
        let log = record(2, "a", "", 0, b"words");
        for length in 1..log.len() {
            assert!(read(&log[..length]).is_err(), "{length}");
        }
        assert!(read(&record(9, "a", "", 0, b"")).is_err());
    }
}
