// Makes Swift's Synchronization.Mutex visible to the thread sanitizer; linked into sanitizer builds only (scripts/test).
//
// The uncontended path of a Mutex is compiled into its users and is instrumented with them. The contended one lies in
// libswiftSynchronization.so, which is not: after it the sanitizer sees no order between two holders, and reports a race
// on whatever the lock protects. These two functions take the place of the library's (an executable's symbols come
// before a library's). They wait by trying again, so that the lock word never says that the kernel has waiters, and tell
// the sanitizer what they did.
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall, used))
#define SELF __attribute__((swift_context))

// Synchronization._MutexHandle._lockSlow(Swift.UInt32) -> ()
SWIFT void lock_slow(uint32_t thread, SELF uint32_t *word) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void lock_slow(uint32_t thread, SELF uint32_t *word) {
  for (;;) {
    uint32_t holder = 0;
    if (__atomic_compare_exchange_n(word, &holder, thread, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) break;
    if (holder == thread) abort(); // A recursive lock, as the library's own function traps.
    sched_yield();
  }
  __tsan_acquire(word);
}

// Synchronization._MutexHandle._unlockSlow() -> ()
SWIFT void unlock_slow(SELF uint32_t *word) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
SWIFT void unlock_slow(SELF uint32_t *word) {
  __tsan_release(word);
  __atomic_store_n(word, 0, __ATOMIC_RELEASE);
}
