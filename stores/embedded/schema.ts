/** Raised with every change of the tables; a file of a newer release is refused. */
export const SCHEMA_VERSION = 1

/**
 * The tables of the embedded store. Times are milliseconds since the epoch. `documents.body` is NULL where a layer deletes
 * a document. Jobs that are claimed have their lease's end as `due_ms`. Tables and indexes are as few as can be, because a
 * commit's price is the number of pages that it touches. What has large values keeps its rowid: rows of 2 KB in the tree of
 * the key spill to overflow pages, and nearly double the price.
 */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS key_values (
  space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires_ms INTEGER,
  PRIMARY KEY (space, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS key_values_expiry ON key_values (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS layers (
  key INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER, state TEXT NOT NULL, children INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS layers_dropped ON layers (state) WHERE state = 'dropped';
CREATE TABLE IF NOT EXISTS heads (name TEXT PRIMARY KEY, layer TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
  layer INTEGER NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, seq INTEGER NOT NULL, body TEXT,
  PRIMARY KEY (layer, collection, id));
CREATE INDEX IF NOT EXISTS documents_order ON documents (layer, collection, seq);
CREATE TABLE IF NOT EXISTS outcomes (
  layer INTEGER NOT NULL, key TEXT NOT NULL, outcome TEXT NOT NULL, expires_ms INTEGER NOT NULL, sweep_ms INTEGER NOT NULL,
  PRIMARY KEY (layer, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
  queue TEXT NOT NULL, id TEXT NOT NULL, due_ms INTEGER NOT NULL, position INTEGER NOT NULL, attempt INTEGER NOT NULL,
  payload TEXT NOT NULL, PRIMARY KEY (queue, id));
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (queue, due_ms, position);
CREATE TABLE IF NOT EXISTS log_entries (
  position INTEGER PRIMARY KEY, stream TEXT NOT NULL, id TEXT NOT NULL, at_ms INTEGER NOT NULL,
  value TEXT NOT NULL, links TEXT, UNIQUE (stream, id));
CREATE INDEX IF NOT EXISTS log_entries_age ON log_entries (at_ms);
CREATE INDEX IF NOT EXISTS log_entries_order ON log_entries (stream, position);
CREATE TABLE IF NOT EXISTS log_links (
  stream TEXT NOT NULL, link TEXT NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (stream, link, position)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS log_links_entry ON log_links (position)
`
