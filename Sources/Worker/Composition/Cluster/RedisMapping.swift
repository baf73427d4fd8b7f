internal import Redis

extension Configuration {
  /// How to reach the Redis of the coordination.
  var coordinationRedis: RedisConfiguration { redisConfiguration(redis.endpoint) }

  /// How to reach the Redis of the media; the same as a rule.
  var mediaRedis: RedisConfiguration { redisConfiguration(redis.mediaEndpoint) }

  private func redisConfiguration(_ endpoint: RedisEndpoint) -> RedisConfiguration {
    var result = RedisConfiguration(RedisTarget(endpoint))
    result.username = endpoint.username
    result.password = endpoint.password
    result.database = endpoint.database
    if endpoint.usesTLS { result.tls = tls }
    return result
  }

  private var tls: RedisTLS {
    var tls = RedisTLS()
    tls.authorities = redis.tlsAuthoritiesFile
    tls.certificate = redis.tlsCertificateFile
    tls.key = redis.tlsKeyFile
    tls.verifies = redis.tlsCheck == .required
    return tls
  }
}

extension RedisTarget {
  fileprivate init(_ endpoint: RedisEndpoint) {
    switch endpoint.transport {
    case .tcp(let node): self = .tcp(RedisNode(host: node.host, port: node.port))
    case .unixSocket(let path): self = .unix(path: path)
    case .sentinel(let nodes, let master):
      let nodes = nodes.map { RedisNode(host: $0.host, port: $0.port) }
      self = .sentinel(RedisSentinels(nodes: nodes, masterName: master))
    }
  }
}
