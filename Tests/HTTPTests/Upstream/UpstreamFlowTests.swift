import EventLoop
import Glibc
import HTTP
import Synchronization
import Testing

@Suite struct UpstreamFlowTests {
  @Test func aPausedTransferHoldsTheSourceBack() async throws {
    let origin = try Origin()
    defer { withExtendedLifetime(origin) {} }
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let flow = Flow()
    await fixture.open(origin.url("/endless"), flow) { flow, transfer, event in
      guard case .data = event, flow.bytes.load(ordering: .relaxed) >= 1_000_000 else { return }
      transfer.pause()
    }
    #expect(await becomesTrue { flow.bytes.load(ordering: .relaxed) >= 1_000_000 })
    // The origin gets stuck once the buffers of the kernel and of libcurl are full.
    var (sent, held) = (-1, -1)
    #expect(
      await becomesTrue {
        try? await Task.sleep(for: .milliseconds(100))
        let last = (sent, held)
        held = flow.bytes.load(ordering: .relaxed)
        sent = Int(await fixture.fetch(origin.url("/sent")).text) ?? 0
        return (sent, held) == last
      })
    #expect(sent - held < 16_000_000)
    #expect(flow.bytes.load(ordering: .relaxed) == held)
    await fixture.onTransfer(flow) { $0.resume() }
    #expect(await becomesTrue { flow.bytes.load(ordering: .relaxed) > held })
    await fixture.onTransfer(flow) { $0.cancel() }
    #expect(flow.finished.load(ordering: .relaxed) == 0)
    #expect(fixture.counters.open.load(ordering: .relaxed) == 0)
  }

  @Test func aPausedBodyArrivesWholeAndInOrder() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    for path in ["/bytes?n=3000000", "/chunked?n=3000000", "/close?n=3000000"] {
      let flow = Flow()
      await fixture.open(origin.url(path), flow) { flow, transfer, event in
        guard case .data(let bytes) = event else { return }
        flow.body.withLock { $0 += bytes }
        transfer.pause()
        flow.timer = LoopBound(
          fixture.loop.schedule(after: .microseconds(200)) { transfer.resume() }, loop: fixture.loop)
      }
      #expect(await becomesTrue { flow.finished.load(ordering: .relaxed) == 1 })
      #expect(flow.body.withLock { $0 } == pattern(3_000_000))
      fixture.loop.execute { flow.timer = nil }
    }
  }

  @Test func aPausedTransferDoesNotStall() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let flow = Flow()
    await fixture.open(
      origin.url("/endless"), flow, change: { $0.timeouts.idle = .seconds(1) }
    ) { _, transfer, event in
      if case .data = event { transfer.pause() }
    }
    #expect(await becomesTrue { flow.bytes.load(ordering: .relaxed) > 0 })
    try await Task.sleep(for: .seconds(2))
    #expect(flow.finished.load(ordering: .relaxed) == 0)
    await fixture.onTransfer(flow) { $0.cancel() }
  }

  enum Moment: CaseIterable { case atOnce, connecting, waiting, atHead, atFirstData, later, whilePaused }

  @Test(arguments: Moment.allCases)
  func nothingComesAfterACancel(moment: Moment) async throws {
    let origin = try Origin.shared.get()
    let listener = SilentListener(backlog: 0)
    defer { withExtendedLifetime(listener) {} }
    listener.fillBacklog()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let url =
      switch moment {
      case .connecting: "http://127.0.0.1:\(listener.port)/"
      case .waiting: origin.url("/silent")
      default: origin.url("/endless")
      }
    let flow = Flow()
    await fixture.open(url, flow) { flow, transfer, event in
      if flow.isCancelled.load(ordering: .relaxed) { flow.late.add(1, ordering: .relaxed) }
      let isTheMoment: Bool =
        switch (moment, event) {
        case (.atHead, .head), (.atFirstData, .data): true
        case (.later, .data): flow.bytes.load(ordering: .relaxed) > 2_000_000
        default: false
        }
      if case (.whilePaused, .data) = (moment, event) { transfer.pause() }
      guard isTheMoment else { return }
      transfer.cancel()
      flow.isCancelled.store(true, ordering: .relaxed)
    } then: { flow, transfer in
      guard moment == .atOnce else { return }
      transfer.cancel()
      flow.isCancelled.store(true, ordering: .relaxed)
    }
    if moment == .connecting || moment == .waiting { try await Task.sleep(for: .milliseconds(100)) }
    if moment == .whilePaused { #expect(await becomesTrue { flow.bytes.load(ordering: .relaxed) > 0 }) }
    if [.connecting, .waiting, .whilePaused].contains(moment) {
      await fixture.onTransfer(flow) {
        $0.cancel()
        flow.isCancelled.store(true, ordering: .relaxed)
      }
    }
    #expect(await becomesTrue { flow.isCancelled.load(ordering: .relaxed) })
    #expect(fixture.counters.open.load(ordering: .relaxed) == 0)
    #expect(await fixture.fetch(origin.url("/bytes?n=5")).body == pattern(5))
    #expect(flow.late.load(ordering: .relaxed) == 0)
    #expect(flow.finished.load(ordering: .relaxed) == 0)
  }

  @Test func aTransferMayBeOpenedFromWithinAnEvent() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let inner = Flow()
    let flow = Flow()
    let second = origin.url("/bytes?n=9")
    await fixture.open(origin.url("/bytes?n=50000"), flow) { _, _, event in
      guard case .head = event else { return }
      _ = fixture.current?.open(UpstreamRequest(url: second, userAgent: "x")) { inner.count($0) }
      _ = fixture.current?.open(UpstreamRequest(url: "bad", userAgent: "x")) { inner.count($0) }
    }
    #expect(await becomesTrue { inner.finished.load(ordering: .relaxed) == 2 })
    #expect(inner.bytes.load(ordering: .relaxed) == 9)
    #expect(await becomesTrue { flow.finished.load(ordering: .relaxed) == 1 })
  }

  @Test func aHundredTransfersAtOnce() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let whole = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<100 {
        let url = origin.url("/bytes?n=\(number * 1000)")
        group.addTask { await fixture.fetch(url).body == pattern(number * 1000) }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(whole == 100)
    #expect(fixture.counters.openedTotal.load(ordering: .relaxed) == 100)
    #expect(fixture.counters.open.load(ordering: .relaxed) == 0)
  }

  @Test func threeHundredTransfersLeaveNoDescriptors() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    _ = await fixture.fetch(origin.url("/bytes"))
    let before = openDescriptors()
    let paths = ["/bytes?n=10", "/chunked", "/broken", "/nowhere", "/redirect?to=/bytes", "/hangup"]
    for number in 0..<300 { _ = await fixture.fetch(origin.url(paths[number % paths.count])) }
    // Other tests of the process open and close some at the same time.
    #expect(await becomesTrue { openDescriptors() - before < 100 })
  }

  enum End: CaseIterable { case close, drop, dropWithinAnEvent }

  @Test(arguments: End.allCases)
  func aClientEndsWithOpenTransfers(end: End) async throws {
    let origin = try Origin.shared.get()
    let listener = SilentListener(backlog: 0)
    defer { withExtendedLifetime(listener) {} }
    listener.fillBacklog()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let flows = (0..<20).map { _ in Flow() }
    let urls = [origin.url("/endless"), origin.url("/silent"), "http://127.0.0.1:\(listener.port)/"]
    for (index, flow) in flows.enumerated() { await fixture.open(urls[index % 3], flow) { _, _, _ in } }
    #expect(await becomesTrue { flows[0].bytes.load(ordering: .relaxed) > 100_000 })
    switch end {
    case .close: await fixture.onLoop { fixture.current?.close() }
    case .drop: fixture.dropClient()
    case .dropWithinAnEvent:
      await fixture.open(origin.url("/endless"), Flow()) { _, _, event in
        if case .data = event { fixture.dropNow() }
      }
    }
    #expect(await becomesTrue { fixture.counters.open.load(ordering: .relaxed) == 0 })
    await fixture.onLoop {}
    let seen = flows.map { $0.bytes.load(ordering: .relaxed) }
    await fixture.onLoop {}
    #expect(flows.map { $0.bytes.load(ordering: .relaxed) } == seen)
    #expect(flows.allSatisfy { $0.finished.load(ordering: .relaxed) == 0 })
  }
}

/// What one transfer of a test has told.
// Safe: `transfer` and `timer` are touched in the loop only.
final class Flow: @unchecked Sendable {
  var transfer: LoopBound<UpstreamTransfer>?
  var timer: LoopBound<LoopTimer>?
  let bytes = Atomic<Int>(0)
  let finished = Atomic<Int>(0)
  let late = Atomic<Int>(0)
  let isCancelled = Atomic<Bool>(false)
  let body = Mutex<[UInt8]>([])

  func count(_ event: UpstreamEvent) {
    switch event {
    case .head: break
    case .data(let data): bytes.add(data.count, ordering: .relaxed)
    case .finished: finished.add(1, ordering: .relaxed)
    }
  }
}

extension ClientFixture {
  func open(
    _ url: String, _ flow: Flow, change: @escaping @Sendable (inout UpstreamRequest) -> Void = { _ in },
    _ handler: @escaping @Sendable (Flow, UpstreamTransfer, UpstreamEvent) -> Void,
    then: @escaping @Sendable (Flow, UpstreamTransfer) -> Void = { _, _ in }
  ) async {
    await onLoop {
      let request = patientRequest(url, change)
      let transfer = self.current?.open(request) { event in
        flow.count(event)
        if let transfer = flow.transfer?.value { handler(flow, transfer, event) }
        if case .finished = event { flow.transfer = nil }
      }
      guard let transfer else { return }
      flow.transfer = LoopBound(transfer, loop: self.loop)
      then(flow, transfer)
    }
  }

  func onTransfer(_ flow: Flow, _ body: @escaping @Sendable (UpstreamTransfer) -> Void) async {
    await onLoop { if let transfer = flow.transfer?.value { body(transfer) } }
  }
}

private func openDescriptors() -> Int {
  guard let folder = opendir("/proc/self/fd") else { return 0 }
  defer { closedir(folder) }
  var count = 0
  while readdir(folder) != nil { count += 1 }
  return count
}
