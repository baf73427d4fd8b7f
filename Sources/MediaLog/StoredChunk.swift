/// A committed chunk as the store gives it to those who did not write it.
package struct StoredChunk: Sendable {
  package let chunk: Chunk
  package let entry: ChunkEntry

  package init(_ chunk: Chunk, _ entry: ChunkEntry) {
    self.chunk = chunk
    self.entry = entry
  }
}
