/// What a transfer tells, on its loop: at most one `head`, then any number of `data`, and one `finished` at the end.
/// Nothing comes after `finished` or after `cancel`, and nothing comes from within `open`.
package enum UpstreamEvent {
  case head(UpstreamHead)
  /// Bytes of the body, at most 16 KiB, valid during the call only.
  case data(UnsafeRawBufferPointer)
  case finished(Result<UpstreamSummary, UpstreamError>)
}

/// The final response head: redirects have been followed, 1xx responses are left out.
package struct UpstreamHead: Hashable, Sendable {
  /// Any status; 4xx and 5xx are not errors here.
  package var status: Int
  package var headers: [UpstreamHeader]
  /// The URL that answered, with its credentials if it has any: not for logs.
  package var finalURL: UpstreamURL
  /// Content-Length, when it is one and the body is not chunked.
  package var announcedLength: UInt64?

  package init(status: Int, headers: [UpstreamHeader], finalURL: UpstreamURL, announcedLength: UInt64?) {
    self.status = status
    self.headers = headers
    self.finalURL = finalURL
    self.announcedLength = announcedLength
  }
}

/// The end of a transfer that broke no rule of HTTP.
package struct UpstreamSummary: Hashable, Sendable {
  package var bodyBytes: UInt64
  /// nil for a chunked body and for one that lasts until the connection closes.
  package var announcedLength: UInt64?

  package init(bodyBytes: UInt64, announcedLength: UInt64?) {
    self.bodyBytes = bodyBytes
    self.announcedLength = announcedLength
  }

  /// Whether a Content-Length was announced and that many bytes came.
  package var isAnnouncedLengthDelivered: Bool { announcedLength == bodyBytes }
}
