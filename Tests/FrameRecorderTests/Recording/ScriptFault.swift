import FrameRecorder
import Synchronization
import TestKit

/// What goes wrong with one script: its first call, whoever's it is, and until it is healed each call that names a device.
final class ScriptFault: Sendable {
  enum Kind: CaseIterable, Sendable {
    /// As where a key is another program's.
    case refused
    /// As of a Redis that is not ready.
    case loading
    /// Redis has done it, and the connection is gone.
    case lost
  }

  private struct State {
    var calls = 0
    var isHealed = false
  }

  private let sha1: String
  private let kind: Kind
  private let device: DevicePair
  private let state = Mutex(State())

  init(_ script: FrameScript, _ kind: Kind, device: DevicePair) {
    (sha1, self.kind, self.device) = (script.redis.sha1, kind, device)
  }

  /// How often the script was called.
  var calls: Int { state.withLock { $0.calls } }

  func heal() { state.withLock { $0.isHealed = true } }

  func judge(_ words: [String]) -> RedisRelay.Fault? {
    guard words.count > 1, words[0] == "EVALSHA", words[1] == sha1 else { return nil }
    let strikes = state.withLock { state in
      state.calls += 1
      // Of a connection that all share each device would feel the loss.
      return state.calls == 1 || kind != .lost && !state.isHealed && names(device, words)
    }
    guard strikes else { return nil }
    switch kind {
    case .refused: return .refused("ERR injected")
    case .loading: return .refused("LOADING injected")
    case .lost: return .lost
    }
  }

  private func names(_ device: DevicePair, _ words: [String]) -> Bool {
    let name = device.description
    return words.contains { $0.contains(name) }
  }
}
