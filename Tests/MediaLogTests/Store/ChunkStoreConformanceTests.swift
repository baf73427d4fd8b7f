import Identifiers
import TestKit
import Testing

@testable import MediaLog

@Suite(.timeLimit(.minutes(2))) struct ChunkStoreConformanceTests {
  private let id = Made.stream
  private let wide = WindowLimits(seconds: 3_600, bytes: 1 << 30)

  @Test(arguments: StoreKind.all) func aNewLogBeginsAtOne(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { (store: any ChunkStore) throws in
      #expect(
        try await store.open(id, epoch: Epoch(5))
          == LogPosition(nextChunk: ChunkNumber(1), continues: false, targetDuration: nil, endTime: nil))
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 10).isEmpty)
    }
  }

  @Test(arguments: StoreKind.all) func whatIsCommittedCanBeRead(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      let sealed = Made.sealed(1, bytes: 376, duration: 45_000, starts: true, target: 4)
      for offset in 0..<376 {
        sealed.chunk.bytes.storeBytes(of: UInt8((offset + 0x47) & 0xFF), toByteOffset: offset, as: UInt8.self)
      }
      let receipt = try await store.commit(sealed, to: id)
      #expect(receipt == CommitReceipt(segment: SegmentNumber(0), discontinuities: 0, targetDuration: 4))
      let entries = try await store.entries(of: id, after: ChunkNumber(0), limit: 10)
      #expect(entries == [ChunkEntry(sealed.chunk.header, byteCount: 376, duration: 45_000, receipt: receipt)])
      let chunk = try #require(try await store.chunk(entries[0], of: id))
      let bytes = UnsafeRawBufferPointer(start: chunk.bytes, count: 376)
      #expect(bytes.elementsEqual((0..<376).map { UInt8(($0 + 0x47) & 0xFF) }))
      #expect(chunk.number == ChunkNumber(1))
    }
  }

  @Test(arguments: StoreKind.all) func anOlderEpochIsFenced(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      _ = try await store.commit(Made.sealed(1, epoch: 1), to: id)
      #expect(try await store.open(id, epoch: Epoch(2)).nextChunk == ChunkNumber(2))
      await #expect(throws: ChunkStoreError.fenced(by: Epoch(2))) {
        try await store.commit(Made.sealed(2, epoch: 1), to: id)
      }
      await #expect(throws: ChunkStoreError.fenced(by: Epoch(2))) { try await store.open(id, epoch: Epoch(1)) }
      _ = try await store.commit(Made.sealed(2, epoch: 2), to: id)
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).map(\.epoch) == [Epoch(1), Epoch(2)])
    }
  }

  @Test(arguments: StoreKind.all) func withoutAnOpenNothingIsTaken(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { (store: any ChunkStore) throws in
      await #expect(throws: ChunkStoreError.fenced(by: .none)) { try await store.commit(Made.sealed(1), to: id) }
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).isEmpty)
    }
  }

  @Test(arguments: StoreKind.all) func numberingGoesOnAfterClearAndReopen(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      _ = try await store.commit(Made.sealed(1, starts: true, target: 3), to: id)
      _ = try await store.commit(Made.sealed(2, starts: true, target: 3), to: id)
      try await store.clear(id, epoch: Epoch(1))
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).isEmpty)
      let position = try await store.open(id, epoch: Epoch(1))
      #expect(position.nextChunk == ChunkNumber(3) && position.continues && !position.beginsAlone)
      #expect(position.targetDuration == 3 && position.endTime == 22_500)
      #expect(
        position.lastReceipt == CommitReceipt(segment: SegmentNumber(1), discontinuities: 0, targetDuration: 3))
      let receipt = try await store.commit(Made.sealed(3, splice: true, starts: true, target: 9), to: id)
      #expect(receipt == CommitReceipt(segment: SegmentNumber(2), discontinuities: 1, targetDuration: 3))
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).map(\.number) == [ChunkNumber(3)])
    }
  }

  @Test(arguments: StoreKind.all) func aLateClearOfAnOldOwnerDoesNoHarm(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      _ = try await store.open(id, epoch: Epoch(2))
      _ = try await store.commit(Made.sealed(1, epoch: 2), to: id)
      try await store.clear(id, epoch: Epoch(1))
      _ = try await store.commit(Made.sealed(2, epoch: 2), to: id)
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).count == 2)
    }
  }

  @Test(arguments: StoreKind.all) func theClearOfAnOwnerThatNeverOpenedTheLogDoesNoHarm(_ kind: StoreKind) async throws
  {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      _ = try await store.commit(Made.sealed(1, epoch: 1), to: id)
      try await store.clear(id, epoch: Epoch(2))
      _ = try await store.commit(Made.sealed(2, epoch: 1), to: id)
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).count == 2)
    }
  }

  @Test(arguments: StoreKind.all) func aCommitThatComesAfterTheClearIsRefused(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      try await store.clear(id, epoch: Epoch(1))
      await #expect(throws: ChunkStoreError.fenced(by: Epoch(1))) { try await store.commit(Made.sealed(1), to: id) }
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).isEmpty)
    }
  }

  @Test(arguments: StoreKind.all) func aChunkOfferedAgainIsAnsweredAsBefore(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      _ = try await store.commit(Made.sealed(1, starts: true), to: id)
      let second = Made.sealed(2, splice: true, starts: true)
      let receipt = try await store.commit(second, to: id)
      #expect(try await store.commit(second, to: id) == receipt)
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).count == 2)
      #expect(try await store.commit(Made.sealed(3), to: id) == receipt)
    }
  }

  @Test(arguments: StoreKind.all) func numbersNeverGoBack(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      _ = try await store.commit(Made.sealed(1), to: id)
      _ = try await store.commit(Made.sealed(7), to: id)
      await #expect(throws: ChunkStoreError.self) { try await store.commit(Made.sealed(5), to: id) }
      #expect(try await store.open(id, epoch: Epoch(2)).nextChunk == ChunkNumber(8))
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).map(\.number.value) == [1, 7])
    }
  }

  @Test(arguments: StoreKind.all) func segmentsAndDiscontinuitiesAreCounted(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      var generator = SeededGenerator(seed: 11)
      var (segment, discontinuities): (UInt64, UInt64) = (0, 0)
      for number in UInt64(1)...200 {
        let splice = number > 1 && UInt8.random(in: 0..<10, using: &generator) == 0
        let starts = splice || number == 1 || Bool.random(using: &generator)
        let receipt = try await store.commit(Made.sealed(number, splice: splice, starts: starts), to: id)
        if starts, number > 1 { segment += 1 }
        if splice { discontinuities += 1 }
        #expect(receipt.segment.value == segment && receipt.discontinuities == discontinuities)
      }
      #expect(segment > 20 && discontinuities > 5)
    }
  }

  @Test(arguments: StoreKind.all) func theOwnerLearnsWhichNumbersAreTaken(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      try await store.raise(id, above: SegmentNumber(9))
      _ = try await store.open(id, epoch: Epoch(1))
      #expect(try await store.commit(Made.sealed(1, starts: true), to: id).floor == nil, "nobody knew the log")
      try await store.raise(id, above: SegmentNumber(7))
      try await store.raise(id, above: SegmentNumber(5))
      let receipt = try await store.commit(Made.sealed(2), to: id)
      #expect(receipt.segment == SegmentNumber(0) && receipt.floor == SegmentNumber(7))
      #expect(try await store.commit(Made.sealed(2), to: id) == receipt)
      _ = try await store.open(id, epoch: Epoch(2))
      #expect(try await store.commit(Made.sealed(3, epoch: 2), to: id).floor == SegmentNumber(7))
      var next = Made.sealed(4, epoch: 2, starts: true)
      next.skippedSegments = CommitRule.skippedSegments(after: receipt, listed: nil)
      #expect(
        try await store.commit(next, to: id)
          == CommitReceipt(segment: SegmentNumber(8), discontinuities: 0, targetDuration: nil))
      let entries = try await store.entries(of: id, after: ChunkNumber(0), limit: 9)
      #expect(entries.map(\.receipt.segment.value) == [0, 0, 0, 8] && entries.allSatisfy { $0.receipt.floor == nil })
    }
  }

  @Test(arguments: StoreKind.all) func theFirstTargetDurationStays(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      let targets: [Int?] = [nil, 4, nil, 6]
      var seen: [Int?] = []
      for (index, target) in targets.enumerated() {
        seen.append(try await store.commit(Made.sealed(UInt64(index) + 1, target: target), to: id).targetDuration)
      }
      #expect(seen == [nil, 4, 4, 4])
      #expect(try await store.open(id, epoch: Epoch(2)).targetDuration == 4)
    }
  }

  @Test(arguments: StoreKind.all) func entriesAreGivenInPages(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      for number in UInt64(1)...10 { _ = try await store.commit(Made.sealed(number), to: id) }
      func page(_ after: UInt64, _ limit: Int) async throws -> [UInt64] {
        try await store.entries(of: id, after: ChunkNumber(after), limit: limit).map(\.number.value)
      }
      #expect(try await page(0, 3) == [1, 2, 3])
      #expect(try await page(3, 3) == [4, 5, 6])
      #expect(try await page(8, 100) == [9, 10])
      #expect(try await page(10, 100) == [])
      #expect(try await page(99, 100) == [])
      #expect(try await page(0, 0) == [])
    }
  }

  @Test(arguments: StoreKind.all) func theWindowIsBoundedBySeconds(_ kind: StoreKind) async throws {
    try await kind.withStore(WindowLimits(seconds: 2, bytes: 1 << 30)) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      for number in UInt64(1)...20 { _ = try await store.commit(Made.sealed(number, duration: 45_000), to: id) }
      let entries = try await store.entries(of: id, after: ChunkNumber(0), limit: 99)
      #expect(entries.map(\.number.value) == [17, 18, 19, 20])
    }
  }

  @Test(arguments: StoreKind.all) func theWindowIsBoundedByBytes(_ kind: StoreKind) async throws {
    try await kind.withStore(WindowLimits(seconds: 3_600, bytes: 1_000_000)) { store in
      _ = try await store.open(id, epoch: Epoch(1))
      var entry: ChunkEntry?
      for number in UInt64(1)...20 {
        _ = try await store.commit(Made.sealed(number, bytes: 188_000, duration: 0), to: id)
        if number == 1 { entry = try await store.entries(of: id, after: ChunkNumber(0), limit: 1).first }
      }
      let entries = try await store.entries(of: id, after: ChunkNumber(0), limit: 99)
      #expect(entries.map(\.number.value) == [16, 17, 18, 19, 20])
      #expect(try await store.chunk(try #require(entry), of: id) == nil)
    }
  }

  @Test(arguments: StoreKind.all) func streamsDoNotKnowEachOther(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      let other = StreamID(digest: [9])
      _ = try await store.open(id, epoch: Epoch(3))
      _ = try await store.open(other, epoch: Epoch(1))
      _ = try await store.commit(Made.sealed(1, epoch: 3), to: id)
      _ = try await store.commit(Made.sealed(1, epoch: 1), to: other)
      try await store.remove(other)
      #expect(try await store.entries(of: id, after: ChunkNumber(0), limit: 9).count == 1)
      #expect(try await store.entries(of: other, after: ChunkNumber(0), limit: 9).isEmpty)
    }
  }

  @Test(arguments: StoreKind.all) func whatIsRemovedIsForgotten(_ kind: StoreKind) async throws {
    try await kind.withStore(wide) { store in
      _ = try await store.open(id, epoch: Epoch(3))
      _ = try await store.commit(Made.sealed(1, epoch: 3), to: id)
      try await store.remove(id)
      await #expect(throws: ChunkStoreError.self) { try await store.commit(Made.sealed(2, epoch: 3), to: id) }
      #expect(
        try await store.open(id, epoch: Epoch(1))
          == LogPosition(nextChunk: ChunkNumber(1), continues: false, targetDuration: nil, endTime: nil))
      try await store.remove(id)
      try await store.remove(id)
    }
  }

  @Test func theMemoryStoreLeavesNothingBehind() async throws {
    let store = MemoryChunkStore(limits: wide)
    _ = try await store.open(id, epoch: Epoch(1))
    #expect(store.streamCount == 1)
    weak var chunk: Chunk?
    do {
      let sealed = Made.sealed(1)
      chunk = sealed.chunk
      _ = try await store.commit(sealed, to: id)
    }
    #expect(chunk != nil)
    try await store.clear(id, epoch: Epoch(1))
    #expect(chunk == nil)
    try await store.remove(id)
    #expect(store.streamCount == 0)
  }
}
