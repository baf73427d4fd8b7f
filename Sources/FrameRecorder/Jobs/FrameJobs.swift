internal import Observability
internal import Synchronization

/// The keeping of recordings in the background of a process: it ends sessions, makes archives and sweeps while it holds
/// the leases of those jobs, and waits for them else.
package final class FrameJobs: Sendable {
  private let services: KeepingServices
  private var store: FrameStore { services.store }
  private let worker: String
  private let bootToken: String
  private let tasks = Mutex<[Task<Void, Never>]>([])

  /// - Parameters:
  ///   - worker: what others are told who ask for a job.
  ///   - bootToken: of this life of the process.
  package init(_ services: KeepingServices, worker: String, bootToken: String) {
    (self.services, self.worker, self.bootToken) = (services, worker, bootToken)
  }

  /// - Parameter jobs: of which this process is a candidate.
  package func start(_ jobs: Set<FrameJob> = Set(FrameJob.allCases)) {
    tasks.withLock { tasks in
      guard tasks.isEmpty else { return }
      if jobs.contains(.checker) { tasks.append(Task { await self.check() }) }
      if jobs.contains(.sweeper) { tasks.append(Task { await self.sweep() }) }
    }
  }

  /// Returns when nothing is in work any more; leases are given up. What was begun is another one's to finish.
  nonisolated(nonsending) package func stop() async {
    let tasks = tasks.withLock { $0 }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// As `start`, until the task is cancelled.
  nonisolated(nonsending) package func run(_ jobs: Set<FrameJob> = Set(FrameJob.allCases)) async {
    start(jobs)
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
    await stop()
  }

  package func lease(_ job: FrameJob) -> JobLease {
    JobLease(job, store: services.store, worker: worker, bootToken: bootToken)
  }

  // MARK: Checker

  private func check() async {
    let candidacy = min(services.settings.checkInterval, JobLease.renewal)
    while !Task.isCancelled {
      do {
        _ = try await lease(.checker).whileHeld { await self.rounds() }
      } catch {
        services.logger.debug("nobody knows who checks", ["error": "\(error)"])
      }
      try? await Task.sleep(for: candidacy)
    }
  }

  private func rounds() async {
    var checker = OfflineChecker(store: services.store, metrics: services.metrics)
    while !Task.isCancelled {
      do {
        _ = try await checker.round()
        _ = try await services.measure()
        _ = try await Archiver(services).makeDue()
        // What was deleted by hand goes soon.
        for error in await ArchiveCleaner(services).removeDue().errors {
          services.logger.warning("an archive was not removed", ["error": error])
        }
      } catch {
        services.logger.debug("a round of the checker was not finished", ["error": "\(error)"])
      }
      try? await Task.sleep(for: services.settings.checkInterval)
    }
  }

  // MARK: Sweeper

  private func sweep() async {
    let sweeper = SweeperBox(RecordingSweeper(services))
    let interval = services.settings.cleanupInterval
    while !Task.isCancelled {
      do {
        if try await store.isSweepDue(each: interval) {
          _ = try await lease(.sweeper).whileHeld { await self.sweep(sweeper) }
        }
      } catch {
        services.logger.debug("nobody knows who sweeps", ["error": "\(error)"])
      }
      // Candidates look at different times.
      try? await Task.sleep(for: interval / 10 * Double.random(in: 0.8...1.2))
    }
  }

  private func sweep(_ sweeper: SweeperBox) async {
    // Another one may have finished just before.
    guard (try? await store.isSweepDue(each: services.settings.cleanupInterval)) == true else { return }
    var own = sweeper.own.withLock { $0 }
    _ = await own.sweep()
    let after = own
    sweeper.own.withLock { $0 = after }
  }
}

/// What a sweeper remembers from one sweep to the next.
private final class SweeperBox: Sendable {
  let own: Mutex<RecordingSweeper>
  init(_ sweeper: RecordingSweeper) { own = Mutex(sweeper) }
}
