/// A small real origin. Arguments: the address to bind, and for TLS the file with key and certificate. Prints its port;
/// ends when its standard input does.
let originScript = #"""
  import http.server, os, socket, socketserver, ssl, sys, threading, time
  from urllib.parse import urlsplit, parse_qs

  address = sys.argv[1]
  certificate = sys.argv[2] if len(sys.argv) > 2 and sys.argv[2] else None
  root = sys.argv[3] if len(sys.argv) > 3 else None
  lock = threading.Lock()
  connections = 0
  requests = []
  sent = [0]

  class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 0

    def setup(self):
      global connections
      with lock: connections += 1
      super().setup()

    def log_message(self, *args): pass

    def pattern(self, n): return (bytes(range(251)) * (n // 251 + 1))[:n]

    def raw(self, text, close=True):
      self.wfile.write(text if isinstance(text, bytes) else text.encode("utf-8"))
      if close: self.close_connection = True

    def reply(self, body, status="200 OK", extra=""):
      if isinstance(body, str): body = body.encode()
      self.raw(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode()
               + (b"" if self.command == "HEAD" else body), close=False)

    def until_closed(self):
      try:
        while self.connection.recv(65536): pass
      except OSError: pass
      self.close_connection = True

    def serve(self):
      parts = urlsplit(self.path)
      query = {k: v[0] for k, v in parse_qs(parts.query).items()}
      n = int(query.get("n", "1000"))
      path = parts.path
      with lock: requests.append(self.requestline)
      if path == "/bytes": self.reply(self.pattern(n))
      elif path == "/chunked":
        body, out = self.pattern(n), b""
        for at in range(0, n, 777): out += b"%x\r\n" % len(body[at:at+777]) + body[at:at+777] + b"\r\n"
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + out + b"0\r\n\r\n", close=False)
      elif path == "/close": self.raw(b"HTTP/1.1 200 OK\r\n\r\n" + self.pattern(n))
      elif path == "/icy": self.raw(b"ICY 200 OK\r\nicy-name: x\r\n\r\n" + self.pattern(n))
      elif path == "/endless":
        self.raw("HTTP/1.1 200 OK\r\n\r\n")
        block = self.pattern(65536)
        try:
          while True: sent[0] += self.connection.send(block)
        except OSError: pass
      elif path == "/stall":
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + self.pattern(10))
        self.until_closed()
      elif path == "/drip":
        self.raw("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
        for _ in range(20):
          self.raw(b"x"); time.sleep(0.1)
      elif path == "/silent": self.until_closed()
      elif path == "/broken":
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + self.pattern(10))
      elif path == "/brokenchunk":
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + self.pattern(10))
      elif path == "/hangup": self.close_connection = True
      elif path == "/garbage": self.raw("SSH-2.0-OpenSSH_9.2\r\n")
      elif path == "/bighead":
        try:
          self.raw("HTTP/1.1 200 OK\r\n")
          for _ in range(100000): self.raw("X-Filler: " + "x" * 1000 + "\r\n")
        except OSError: pass
      elif path == "/early":
        self.raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", close=False)
        self.reply("ok")
      elif path == "/echo":
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.reply(self.requestline.encode() + b"\n" + str(self.headers).encode() + body)
      elif path == "/redirect":
        location = query["to"]
        self.reply("", query.get("code", "302") + " Moved", f"Location: {location}\r\n")
      elif path == "/loop": self.reply("", "302 Found", f"Location: /loop?n={n + 1}\r\n")
      elif path == "/sent": self.reply(str(sent[0]))
      elif path == "/count": self.reply(str(connections))
      elif path == "/requests": self.reply("\n".join(requests))
      elif root and os.path.isfile(root + path):
        with open(root + path, "rb") as file: self.reply(file.read())
      else: self.reply("not found", "404 Not Found")

    do_GET = do_POST = do_HEAD = serve

  class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 512
    address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
    def server_bind(self): socketserver.TCPServer.server_bind(self)
    def handle_error(self, *args): pass

  server = Server((address, 0), Handler)
  if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  print(server.server_address[1], flush=True)
  sys.stdin.read()
  os._exit(0)
  """#
