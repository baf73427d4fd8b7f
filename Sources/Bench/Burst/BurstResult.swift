/// What one viewer of a burst got.
struct BurstOutcome: Sendable {
  var id: String?
  /// From the start of the burst, in ms.
  var answered: Double?
  var media: Double?
  var problem: String?
}

/// A line of the table.
struct BurstResult {
  private let outcomes: [BurstOutcome]
  var ffmpegs = 0
  var ffmpegsAtOnce = 0
  var redisCommands = 0
  var workerSeconds = 0.0

  init(_ outcomes: [BurstOutcome]) { self.outcomes = outcomes }

  static let header =
    "   POST ms: p50       p95       max   media ms: p50    p95       max   FFmpegs (at once)   ids   media   errors"
    + "   Redis commands   worker CPU s"

  var problems: [String] {
    outcomes.compactMap { $0.problem ?? ($0.media == nil ? "no media within the time" : nil) }
  }

  var row: String {
    let (answered, media) = (outcomes.compactMap(\.answered), outcomes.compactMap(\.media))
    let times = [answered, media].flatMap { [$0.median, $0.quantile(0.95), $0.max() ?? .nan] }
    let ids = Set(outcomes.compactMap(\.id)).count
    return times.map { cell($0, 0) }.joined()
      + "     \(ffmpegs) (\(ffmpegsAtOnce))   \(ids)   \(media.count)   \(problems.count)   \(redisCommands)"
      + "  \(cell(workerSeconds, 1))"
  }
}
