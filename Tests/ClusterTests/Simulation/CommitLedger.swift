import Cluster
import Identifiers

/// What was granted and committed, and the promises that it must keep. Kept beside the store, and never lost.
struct CommitLedger {
  private struct Account {
    /// Which life of a worker has which epoch.
    var grants: [Epoch: Int] = [:]
    var highest = Epoch.none
    var last: StreamPosition?
    var lastEpoch = Epoch.none
    /// The store has lost the log since the last commit.
    var isLost = false
    /// What the owner of an epoch had read when it got it.
    var seen: [Epoch: StreamPosition] = [:]
  }

  private var accounts: [Account]
  private(set) var broken: String?
  private(set) var commits = 0

  init(streams: Int) { accounts = Array(repeating: Account(), count: streams) }

  mutating func storeLostSome() {
    for stream in accounts.indices { accounts[stream].isLost = true }
  }

  /// Who committed last, if the store has lost that since.
  func lostOwner(_ stream: Int) -> (slot: Int, epoch: Epoch)? {
    let account = accounts[stream]
    guard account.isLost, let slot = account.grants[account.lastEpoch] else { return nil }
    return (slot, account.lastEpoch)
  }

  mutating func grant(_ stream: Int, _ epoch: Epoch, to slot: Int, seen: StreamPosition?) {
    if let other = accounts[stream].grants[epoch], other != slot {
      fail("two owners of epoch \(epoch) of stream \(stream): lives \(other) and \(slot)")
    }
    if epoch <= accounts[stream].highest {
      fail("the epoch of stream \(stream) went from \(accounts[stream].highest) to \(epoch)")
    }
    accounts[stream].grants[epoch] = slot
    accounts[stream].highest = max(accounts[stream].highest, epoch)
    accounts[stream].seen[epoch] = seen
  }

  mutating func reasserted(_ stream: Int, _ epoch: Epoch, by slot: Int) {
    if accounts[stream].grants[epoch] != slot {
      fail("life \(slot) asserts epoch \(epoch) of stream \(stream), not its own")
    }
  }

  mutating func commit(_ stream: Int, _ epoch: Epoch, _ position: StreamPosition, by slot: Int) {
    commits += 1
    var account = accounts[stream]
    if account.grants[epoch] != slot {
      fail("stream \(stream): chunk \(position.chunk) of epoch \(epoch) by life \(slot)")
    }
    if epoch < account.lastEpoch { fail("stream \(stream): epoch \(account.lastEpoch), then \(epoch)") }
    let goesOn = epoch == account.lastEpoch
    let floor = account.isLost && !goesOn ? account.seen[epoch] : account.last
    // The store had the chunk, lost it before its owner heard so, and gets it again.
    let isRepeated = account.isLost && goesOn && position == account.last
    if let floor, !isRepeated, position.chunk <= floor.chunk || position.segment < floor.segment {
      fail(
        "stream \(stream): chunk \(floor.chunk) of segment \(floor.segment), then \(position.chunk) of \(position.segment)"
      )
    }
    account.isLost = false
    (account.last, account.lastEpoch) = (position, epoch)
    accounts[stream] = account
  }

  mutating func fail(_ what: String) { if broken == nil { broken = what } }
}
