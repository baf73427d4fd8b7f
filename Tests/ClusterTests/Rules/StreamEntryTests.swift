import Cluster
import Identifiers
import Testing

@Suite("A stream's entry") struct StreamEntryTests {
  private let worker = WorkerID("w1")
  private let clock = ManualClock()

  private func claimed() throws -> (StreamEntry, Claim) {
    var entry = StreamEntry(Make.registration(), epochFloor: .none, now: clock.now)
    _ = entry.start()
    let claim = try #require(entry.claim(by: worker, highestSeen: .none, now: clock.now).answer.claim)
    return (entry, claim)
  }

  @Test("a takeover goes on with the URL and the numbers of the dead owner, and is no stop")
  func takeover() throws {
    var (entry, claim) = try claimed()
    var update = StreamUpdate(phase: .running)
    update.currentURLIndex = 2
    update.ffmpegPID = 9
    update.head = ChunkNumber(5)
    update.segment = SegmentNumber(1)
    #expect(entry.update(epoch: claim.epoch, update) == .accepted)
    let dead = Ownership(worker: worker, epoch: claim.epoch)
    clock.advance(.seconds(3))
    let step = entry.claim(by: WorkerID("w2"), highestSeen: .none, judgedDead: dead, now: clock.now)
    let next = try #require(step.answer.claim)
    #expect(next.takenFrom == dead && next.epoch > claim.epoch)
    #expect(next.nextChunk == ChunkNumber(6) && next.nextSegment == SegmentNumber(2) && next.followsDiscontinuity)
    #expect(next.report.currentURLIndex == 2 && next.report.ffmpegPID == nil)
    let successor = Ownership(worker: WorkerID("w2"), epoch: next.epoch)
    #expect(step.events.map(\.content) == [.takeover(from: dead, to: successor)])
    #expect(entry.update(epoch: claim.epoch, update) == .fenced(.superseded(by: successor)))
  }

  @Test("a new run begins with the first URL and no restarts")
  func newRun() throws {
    var (entry, claim) = try claimed()
    var update = StreamUpdate(phase: .running)
    update.currentURLIndex = 2
    update.currentURL = "http://c/"
    update.addedRestarts = 3
    update.addedErrors = 3
    _ = entry.update(epoch: claim.epoch, update)
    _ = entry.release(epoch: claim.epoch, .stopped(.sourceEnded), now: clock.now)
    let next = try #require(entry.claim(by: worker, highestSeen: .none, now: clock.now).answer.claim)
    #expect(next.report.currentURLIndex == -1 && next.report.currentURL == nil && next.report.restarts == 0)
    #expect(next.report.errorCount == 3)
  }

  @Test("a late join on a limit does not end a stop")
  func fullDoesNotWake() throws {
    var (entry, claim) = try claimed()
    #expect(entry.stopIfIdle(epoch: claim.epoch, grace: .zero, now: clock.now) == .stop)
    let limits = CoordinatorLimits(clientsPerStream: 0)
    let step = entry.join(Make.join(connection: 1), worker: worker, limit: 0, limits: limits, now: clock.now)
    #expect(step.answer == .full(limit: 0))
    #expect(entry.state.status == .stopping)
  }

  @Test("an owner is told how its ownership ended")
  func fences() throws {
    let owner = Ownership(worker: worker, epoch: Epoch(5))
    #expect(StreamState.idle.fence(Epoch(5)) == .superseded(by: nil))
    #expect(StreamState.failed.fence(Epoch(5)) == .superseded(by: nil))
    #expect(StreamState.owned(owner, .running).fence(Epoch(5)) == nil)
    #expect(StreamState.owned(owner, .running).fence(Epoch(4)) == .superseded(by: owner))
    #expect(StreamState.stopping(owner, .shutdown).fence(Epoch(5)) == .stopping)
    #expect(StreamState.stopping(owner, .shutdown).fence(Epoch(6)) == .superseded(by: nil))
    #expect(StreamState.deleted(owner).fence(Epoch(5)) == .stopping)
    #expect(StreamState.gone.fence(Epoch(5)) == .unknown)
  }

  @Test("a clock that runs backwards moves no access")
  func backwards() throws {
    var (entry, claim) = try claimed()
    let traffic = ClientTraffic(stream: Make.stream(), client: Make.client(), idle: .seconds(100))
    _ = entry.join(
      Make.join(connection: nil), worker: worker, limit: 0, limits: CoordinatorLimits(), now: clock.now)
    let before = entry.record.lastAccess
    let known = entry.refresh(traffic, now: clock.now)
    #expect(known)
    #expect(entry.record.lastAccess == before)
    #expect(entry.expireClients(timeout: .seconds(1), now: clock.now).answer.isEmpty)
    #expect(entry.update(epoch: claim.epoch, StreamUpdate()) == .accepted)
  }

  @Test("a source that ended with clients is idle at once; the client that stays starts nothing by itself")
  func endedWithClients() throws {
    var (entry, claim) = try claimed()
    let limits = CoordinatorLimits()
    _ = entry.join(Make.join(connection: nil), worker: worker, limit: 0, limits: limits, now: clock.now)
    let ended = entry.release(epoch: claim.epoch, .stopped(.sourceEnded), now: clock.now)
    #expect(ended.events.compactMap(\.content.stopped?.reason) == [.sourceEnded])
    let again = entry.join(Make.join(connection: nil), worker: worker, limit: 0, limits: limits, now: clock.now)
    #expect(again.answer == .joined(clients: 1, owner: nil) && again.events.isEmpty)
    let restart = entry.claim(by: worker, highestSeen: .none, now: clock.now)
    #expect(restart.events.map(\.content.name) == ["stream_started"])
    _ = entry.leave(Make.leave(connection: nil), now: clock.now)
    let second = try #require(restart.answer.claim)
    #expect(entry.stopIfIdle(epoch: second.epoch, grace: .zero, now: clock.now) == .stop)
    let stopped = entry.release(epoch: second.epoch, .failed, now: clock.now)
    #expect(stopped.events.compactMap(\.content.stopped?.reason) == [.lastClientDisconnected])
  }
}
