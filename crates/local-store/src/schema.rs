//! Which tables there are, and how a database of an older version gets them.

/// One script per version, oldest first. A script never changes once it was released.
const MIGRATIONS: &[&str] =
    &[include_str!("../migrations/1_first.sql"), include_str!("../migrations/2_networks.sql")];

/// The version of this schema, as in `PRAGMA user_version`.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// The database belongs to a newer Anser; what it means is unknown here, so it stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the local database has version {found}, this Anser knows versions up to {known}: \
     it was last used by a newer Anser; please update this one"
)]
pub struct NewerDatabase {
    /// Its version.
    pub found: i64,
    /// The newest version that we know.
    pub known: i64,
}

/// What brings a database of this `user_version` (0: empty) to [`SCHEMA_VERSION`]: scripts of several statements,
/// to be run in this order in one transaction. Each sets the new `user_version` itself.
pub fn migration_scripts(user_version: i64) -> Result<&'static [&'static str], NewerDatabase> {
    let refusal = NewerDatabase { found: user_version, known: SCHEMA_VERSION };
    // A negative version is nobody's: not ours to touch either.
    let done = usize::try_from(user_version).map_err(|_| refusal)?;
    MIGRATIONS.get(done..).ok_or(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_database_gets_everything_and_a_present_one_nothing() {
        assert_eq!(migration_scripts(0), Ok(MIGRATIONS));
        assert_eq!(migration_scripts(SCHEMA_VERSION), Ok(&[][..]));
    }

    #[test]
    fn a_newer_database_is_refused_in_words() {
        let refusal = migration_scripts(SCHEMA_VERSION + 1).unwrap_err();
        assert!(refusal.to_string().contains("please update this one"), "{refusal}");
        assert!(migration_scripts(-1).is_err());
    }

    #[test]
    fn every_script_sets_the_version_it_leads_to() {
        for (index, script) in MIGRATIONS.iter().enumerate() {
            let pragma = format!("PRAGMA user_version = {};", index + 1);
            assert!(script.contains(&pragma), "migration {} lacks `{pragma}`", index + 1);
        }
    }
}
