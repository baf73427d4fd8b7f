import PulsarBridge
import TestKit
import Testing

@Suite("Pulsar's library", .enabled(if: PulsarLibrary.canBeLoaded, "a sanitizer forbids RTLD_DEEPBIND"))
struct PulsarLibraryTests {
  private func refusal(_ path: String) -> PulsarError? {
    do throws(PulsarError) {
      _ = try PulsarLibrary(path: path)
      return nil
    } catch {
      return error
    }
  }

  @Test("that is absent is named, with the way to get it")
  func absent() throws {
    let error = try #require(refusal("/nowhere/libpulsar.so"))
    #expect(error.code == .library)
    for part in ["/nowhere/libpulsar.so", "No such file", "pulsar-client", "PULSAR_LIBRARY"] {
      #expect(error.message.contains(part))
    }
  }

  @Test("that is absent ends the bridge with status 2, with what to do")
  func exitStatus() async throws {
    let environment = ["REDIS_URL": "redis://127.0.0.1:1", "PULSAR_LIBRARY": "/nowhere/libpulsar.so"]
    let failure = await #expect(throws: WorkerProcess.Failed.self) {
      try await WorkerProcess.start(environment, arguments: ["pulsar-bridge"])
    }
    let text = try #require(failure).description
    #expect(text.contains("ended (code(2))") && text.contains("set PULSAR_LIBRARY"))
  }

  @Test("that is another library is refused with the function it lacks")
  func another() throws {
    #expect(try #require(refusal("libm.so.6")).message.contains("no function pulsar_client_configuration_create"))
  }
}
