export interface Product {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly price: number;
}

const CATEGORIES = ['shoes', 'coats', 'hats', 'bags'];
const NAMES = ['Harbour', 'Meadow', 'Summit', 'Tide', 'Ember', 'Lark', 'Quarry', 'Willow', 'Drift', 'Marsh'];

const stock = (): Product[] =>
  CATEGORIES.flatMap((category, shelf) =>
    NAMES.map((name, place) => ({
      id: `${category[0]}${place}`,
      name: `${name} ${category}`,
      category,
      price: 20 + 10 * shelf + place,
    })),
  );

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** A small database on one disk: it answers a few queries at a time, the others wait in line. */
export class Database {
  queries = 0;
  mood: 'well' | 'slow' | 'gone' = 'well';
  private readonly products = new Map(stock().map((product) => [product.id, product]));
  private readonly lines: Promise<void>[] = Array.from({ length: 4 }, () => Promise.resolve());

  get ids(): string[] {
    return [...this.products.keys()];
  }

  get categories(): string[] {
    return CATEGORIES;
  }

  async product(id: string): Promise<Product | undefined> {
    await this.query(12);
    return this.products.get(id);
  }

  async category(name: string): Promise<Product[]> {
    await this.query(20);
    return [...this.products.values()].filter(({ category }) => category === name);
  }

  async setPrice(id: string, price: number): Promise<void> {
    await this.query(12);
    const product = this.products.get(id);
    if (product !== undefined) this.products.set(id, { ...product, price });
  }

  private async query(ms: number): Promise<void> {
    this.queries += 1;
    if (this.mood === 'gone') throw Object.assign(new Error('the database is gone'), { code: 'ECONNREFUSED' });
    const line = this.queries % this.lines.length;
    const turn = (this.lines[line] as Promise<void>).then(() => sleep(this.mood === 'slow' ? 12 * ms : ms));
    this.lines[line] = turn;
    await turn;
  }
}
