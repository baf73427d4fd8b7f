extension StreamNormalizer {
  /// Puts out PAT and PMTs once more, numbered on: an HLS segment that is cut without a random access point begins with
  /// them too. Nothing while no point of this run has been put out. Not from within `push`.
  package mutating func repeatTables(_ emit: (NormalizedEvent) -> Void) {
    if isRunning { putPreamble(emit) }
  }
}
