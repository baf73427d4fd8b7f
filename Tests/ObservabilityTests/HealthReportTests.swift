import Observability
import Testing

@Suite struct HealthReportTests {
  @Test func onlyAFailedCheckMakesItNotReady() {
    let fine = [
      HealthCheck("loops", .ok, detail: "4 turning"),
      HealthCheck("redis_memory_policy", .warning, detail: "allkeys-lru"),
      HealthCheck("redis", .degraded, detail: "away for 3 s"),
    ]
    let report = HealthReport(checks: fine)
    #expect(report.status == .ready)
    #expect(report.degraded == ["redis"])
    #expect(report.checks.map(\.ok) == [true, false, false])
    let draining = HealthReport(checks: fine + [HealthCheck("draining", .failed, detail: "since 2 s")])
    #expect(draining.status.rawValue == "not_ready")
    #expect(draining.reasons == ["draining"])
  }
}
