import Testing

@testable import Transcoding

@Suite struct ContainerRuleTests {
  private func flowing(_ input: ContainerRule.Input) -> ContainerRule {
    var rule = ContainerRule(input: input)
    _ = rule.accepted()
    _ = rule.produced()
    return rule
  }

  @Test func aContainerBeginsWithBytesThatFFmpegStandsBy() {
    var rule = ContainerRule(input: .log)
    #expect(rule.produced() == false)
    #expect(rule.accepted() == true)
    #expect(rule.accepted() == false, "once")
    #expect(rule.produced() == false, "once")

    var other = ContainerRule(input: .log)
    #expect(other.accepted() == false)
    #expect(other.produced() == true)
  }

  @Test func beforeThatEveryEndIsAFailure() {
    var rule = ContainerRule(input: .source)
    _ = rule.produced()
    #expect(rule.failed(.httpStatus(404)) == .fail(.httpStatus(404)))
    #expect(rule.isOver)
    #expect(rule.ended(isComplete: true) == .doNothing)

    var empty = ContainerRule(input: .source)
    #expect(empty.ended(isComplete: true) == .fail(.closed))
    var late = ContainerRule(input: .log)
    #expect(late.waitedLongEnough() == .fail(.silent))
    var early = flowing(.log)
    #expect(early.waitedLongEnough() == .doNothing)
  }

  @Test func onlyAnInputThatIsWholeEndsWell() {
    var film = flowing(.source)
    #expect(film.ended(isComplete: true) == .finish(.complete))
    var live = flowing(.source)
    #expect(live.ended(isComplete: false) == .finish(.cut))

    for isWhole in [true, false] {
      var log = flowing(.log)
      log.logEnded(isWhole: isWhole)
      #expect(log.ended(isComplete: false) == .finish(isWhole ? .complete : .cut))
    }
    var quitter = flowing(.log)
    #expect(quitter.ended(isComplete: true) == .finish(.cut), "FFmpeg ended though its log did not")
    var killed = flowing(.log)
    killed.logEnded(isWhole: true)
    #expect(killed.failed(.closed) == .finish(.cut))
  }

  @Test func theEndComesWhenAllIsDeliveredAndOnce() {
    var rule = flowing(.source)
    #expect(rule.delivered() == nil)
    _ = rule.ended(isComplete: true)
    #expect(rule.failed(.closed) == .doNothing)
    #expect(rule.delivered() == .complete)
    #expect(rule.delivered() == nil)
    #expect(rule.isOver)
    #expect(rule.stop() == false)
  }
}

@Suite struct BodyPieceTests {
  private func text(_ piece: BodyPiece) -> String {
    var piece = piece
    return piece.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test func aPieceHasItsFramingAndCountsTheMediaAlone() {
    var piece = BodyPiece(isChunked: true)
    Array("0123456789abcdefXYZ".utf8).withUnsafeBytes { piece.fill($0) }
    #expect(text(piece) == "13\r\n0123456789abcdefXYZ\r\n")
    let media = [2, 3, 18, 1, 1].map { piece.consume($0) }
    #expect(media == [0, 1, 18, 0, 0])
    #expect(piece.isEmpty)
    piece.fillWithEnd()
    #expect(text(piece) == "0\r\n\r\n")
  }

  @Test func aBodyThatEndsWithItsConnectionHasNone() {
    var piece = BodyPiece(isChunked: false)
    Array("abc".utf8).withUnsafeBytes { piece.fill($0) }
    #expect(text(piece) == "abc")
    #expect(piece.consume(3) == 3)
    piece.fillWithEnd()
    #expect(piece.isEmpty)
  }
}
