//! How much of the database the writer keeps in memory.

use rusqlite::Connection;

/// What the writer may: the ends of as many logs as it remembers lie in as many pages.
pub(super) const WRITER_KIB: i32 = 64 * 1024;
/// And while the database is small: see [`fit_to_database`].
const WRITER_SMALL_KIB: i32 = 8 * 1024;
/// SQLite never uses the page at this place.
const SMALL_DATABASE_BYTES: i64 = 1 << 30;

/// Whenever a table's pages are put in order, SQLite calls one of them for a moment by the number of the page at 1 GiB;
/// and so that no page beyond the end stays in the cache, it then looks at all that are there when it commits. With
/// 64 MiB that was 15 % of the writer's CPU at 256 sends in flight, and 130 us of any commit, however small; with 8 MiB it
/// is 2 %. In a larger database that page is not beyond the end, and to keep more of it is worth it.
pub(super) fn fit_to_database(connection: &Connection) -> rusqlite::Result<()> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let is_small = number("page_count")? * number("page_size")? < SMALL_DATABASE_BYTES;
    set(connection, if is_small { WRITER_SMALL_KIB } else { WRITER_KIB })
}

/// Lets a connection keep so much of the database.
pub(super) fn set(connection: &Connection, kib: i32) -> rusqlite::Result<()> {
    // Negative: in KiB, not in pages.
    connection.pragma_update(None, "cache_size", -kib)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_database_has_a_small_cache() {
        let connection = Connection::open_in_memory().unwrap();
        set(&connection, WRITER_KIB).unwrap();
        fit_to_database(&connection).unwrap();
        let size: i32 = connection.pragma_query_value(None, "cache_size", |row| row.get(0)).unwrap();
        assert_eq!(size, -WRITER_SMALL_KIB);
    }
}
