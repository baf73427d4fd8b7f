internal import Synchronization

/// Counts the transcodes that are no stream's but one client's: they share MAX_TRANSCODES with the streams.
final class TranscodePlaces: Sendable {
  private let taken = Atomic<Int>(0)

  var count: Int { taken.load(ordering: .relaxed) }

  func take() -> TranscodePlace {
    taken.wrappingAdd(1, ordering: .relaxed)
    return TranscodePlace(self)
  }

  fileprivate func giveBack() { taken.wrappingSubtract(1, ordering: .relaxed) }
}

/// A place that is taken for as long as this lives.
final class TranscodePlace: Sendable {
  private let places: TranscodePlaces

  fileprivate init(_ places: TranscodePlaces) { self.places = places }

  deinit { places.giveBack() }
}
