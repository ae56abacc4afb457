/** The product's mark: a headset. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg class="mark" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M8 18v-3a8 8 0 0 1 16 0v3" />
      <rect class="ear" x="6.5" y="16.5" width="5" height="8" rx="2.2" />
      <rect class="ear" x="20.5" y="16.5" width="5" height="8" rx="2.2" />
    </svg>
  );
}
