import { siblingHandle } from '../../../decorate/sibling.js';
import { configurationError } from '../../../errors/option-check.js';
import type { Binding } from '../../../pipeline/policy.js';
import type { CacheAdministration } from '../administration.js';
import { Cells } from '../cells.js';
import type { CachedCell } from '../flight.js';

/** The caches of another method of the same object, with its entries, its loads under way and its counts. */
export class SiblingCells extends Cells {
  private readonly sibling: string;
  private readonly binding: Binding;

  constructor(sibling: string, binding: Binding) {
    super(1, () => undefined);
    this.sibling = sibling;
    this.binding = binding;
  }

  /** @throws ConfigurationError where the object has no such method with @Cached. */
  override of(self: unknown): CachedCell {
    const { site } = this.binding;
    const handle = siblingHandle(self, this.sibling, 'cached', site, 'shareWith') as CacheAdministration;
    if ('each' in handle)
      throw configurationError(site, `shareWith '${this.sibling}' has no @Cached of its own`, 'shareWith');
    if (handle.guard === undefined) return handle.storageOf(self).cell;
    const remedy = 'leave shareWith out, or set store: false there';
    throw configurationError(
      site,
      `shareWith '${this.sibling}' has a store, and lists have none; ${remedy}`,
      'shareWith',
    );
  }

  /** They are listed, counted and cleared with the method that they belong to. */
  override all(): readonly CachedCell[] {
    return [];
  }

  override configure(): this {
    return this;
  }
}
