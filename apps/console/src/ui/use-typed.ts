import { useState } from "react";

/**
 * What is in a field whose words are kept in the address. That follows what is typed a moment later: a field that waited for it would lose letters.
 * Once somebody has left the field it shows the address again, which a link may have changed.
 */
export function useTyped(inAddress: string) {
  const [typed, setTyped] = useState<string | null>(null);
  return { words: typed ?? inAddress, setTyped, onBlur: () => setTyped(null) };
}
