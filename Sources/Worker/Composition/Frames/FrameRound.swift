internal import FrameRecorder
internal import JSONCoding

/// `offline-checker --once`: one round of ends, archives until none is due, one archive cleanup.
struct FrameRound {
  private let services: KeepingServices

  init(_ services: KeepingServices) { self.services = services }

  func run() async -> FrameCommandRun.Result {
    var (ended, ready, errors) = (0, 0, [String]())
    do {
      var checker = OfflineChecker(store: services.store, metrics: services.metrics)
      ended = try await checker.round()
      let archiver = Archiver(services)
      var made = 0
      repeat {
        made = try await archiver.makeDue()
        ready += made
      } while made > 0 && !Task.isCancelled
    } catch {
      errors.append("\(error)")
    }
    let cleaned = await ArchiveCleaner(services).removeDue()
    errors += cleaned.errors
    let json = JSON.object([
      ("sessions_ended", .integer(ended)), ("archives_ready", .integer(ready)),
      ("archives_deleted", .integer(cleaned.removed)), ("errors", .array(errors.map { .string($0) })),
    ])
    return FrameCommandRun.Result(json: json, hasFailed: !errors.isEmpty)
  }
}
